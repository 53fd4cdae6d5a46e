"""The shelf: single replays, each kept under the digest of all that it depends on, and shared by every command.

Knows: variations, replays, finished runs to borrow from, processes. Does not know: why a replay is wanted, charters'
rulings. See docs/design/010-many-runs.md.

What is on the shelf is never replayed again, and what a finished run of the same scenario holds is taken from there. A
replay here keeps its counts and facts, and neither ledger nor model.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import adversaries, own_code, results, tallies, terms
from harness.jobs import INCUMBENT, Job, quiet_tracker, work_into
from harness.kinds import MetricSpec
from harness.progress import Watch
from harness.terms import ClauseTerms
from harness.trial import Loaded
from sim.core import plugins
from sim.core.errors import Interrupted, UserError
from sim.core.levers import LeverSpec
from sim.core.records import digest
from sim.core.time import DAY
from sim.core.variation import Variation
from sim.core.world import Slice

if TYPE_CHECKING:
    import pandas as pd

FOLDER = ".replays"
"""Beside the runs, below their root; a folder for each scenario in it."""
_DAILY = ("campaign", *adversaries.KINDS)
"""Rows of ground truth that there are thousands of, and that nobody asks the shelf for."""


@dataclass(frozen=True)
class Asked:
    """One replay: whose, on which seed, of which variation; `trial`: another trial than the scenario's own, by name."""

    candidate: str
    seed: int
    variation: Variation = field(default_factory=Variation)
    trial: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """The same for equal questions; a variation's mappings have no hash of their own."""
        vary = self.variation
        levers, moved = (tuple(sorted(part.items())) for part in (vary.levers, vary.moved))
        return (self.candidate, self.seed, levers, moved, vary.magnitude, vary.still, self.trial)

    def incumbent(self) -> Asked:
        """What is compared with it."""
        return replace(self, candidate=INCUMBENT)


@dataclass
class Shelf:
    """Replays of one scenario. `trials`: other trials of the same scenario, by the name that `Asked.trial` has.

    fresh: replay although there is one on the shelf or in a run (once for each), and put the new one in its place.
    """

    loaded: Loaded
    root: Path
    jobs: int = 1
    quiet: bool = False
    fresh: bool = False
    trials: Mapping[str, Loaded] = field(default_factory=dict)
    replayed: int = 0
    """Replays done so far."""
    reused: int = 0
    """Replays that were there."""
    _met: dict[tuple[Any, ...], Path] = field(default_factory=dict, init=False, repr=False)

    @property
    def folder(self) -> Path:
        """Where this scenario's replays are."""
        return self.root / FOLDER / self.loaded.scenario_id

    @cached_property
    def levers(self) -> Mapping[str, LeverSpec]:
        """The levers of the scenario's world; none where it declares none."""
        declared = getattr(plugins.load("world", self.loaded.scenario.spec.world.use), "levers", {})
        return declared if isinstance(declared, Mapping) else {}

    @cached_property
    def specs(self) -> Mapping[str, MetricSpec]:
        """Every metric that ships or that the charter names."""
        names = {*plugins.names("metric"), *(c.metric for c in self.loaded.charter.spec.every_clause)}
        return {name: plugins.load("metric", name).spec for name in sorted(names)}

    def varied(self, asked: Asked) -> Loaded:
        """The scenario as the replay plays it. Raises UserError where a lever refuses its value."""
        loaded = self.trials[asked.trial] if asked.trial else self.loaded
        return replace(loaded, scenario=asked.variation.of(loaded.scenario, self.levers))

    def place(self, asked: Asked) -> Path:
        """The replay's folder: the digest of all that changes what happens in it."""
        if asked.key not in self._met:
            self._met[asked.key] = self.folder / self._digest(self.varied(asked), asked)[:24]
        return self._met[asked.key]

    @cached_property
    def _made_by(self) -> dict[str, Any]:
        loads = (self.loaded, *self.trials.values())
        own = results.own_code_digests({use for loaded in loads for use in own_code.uses(loaded)})
        return {"code": results.code_digest(), "ownCode": own, "packages": results.packages()}

    def _digest(self, loaded: Loaded, asked: Asked) -> str:
        plan = loaded.trial.incumbent if asked.candidate == INCUMBENT else loaded.candidate(asked.candidate)
        # The plans of other candidates change nothing here.
        shared = {key: value for key, value in loaded.trial_card().items() if key != "candidates"}
        told = {
            "scenario": loaded.scenario.digest(),
            "trial": shared,
            "features": loaded.feature_cards(),
            "operating": loaded.charter.operating_digest(),
            "metrics": sorted({clause.metric for clause in loaded.charter.spec.every_clause}),
            "candidate": asked.candidate,
            "plan": plan.model_dump(mode="json", by_alias=True),
            "seed": asked.seed,
            **self._made_by,
            **({"ownCode": self._own(loaded)} if loaded.code else {}),
        }
        return digest(told)

    # --- replaying what lacks -----------------------------------------------------------------------------------------

    def fetch(self, wanted: Iterable[Asked]) -> None:
        """See to it that every replay asked for is on the shelf. Raises Interrupted on Ctrl-C, keeping what is done."""
        places = {self.place(asked): asked for asked in wanted}
        new = {place: asked for place, asked in places.items() if place not in self._seen}
        lacking = {
            place: asked
            for place, asked in new.items()
            if self.fresh or not ((place / "done.json").exists() or self._borrow(asked, place))
        }
        self.reused += len(new) - len(lacking)
        self._seen |= set(new)
        if lacking:
            try:
                self._replay(lacking)
            except KeyboardInterrupt:
                raise Interrupted(
                    f"interrupted; finished replays are kept, the same command goes on: {self.folder}"
                ) from None
        self.replayed += len(lacking)

    @cached_property
    def _seen(self) -> set[Path]:
        return set()

    def _replay(self, lacking: Mapping[Path, Asked]) -> None:
        from joblib import Parallel, delayed

        work = [
            (self.varied(asked), Job(asked.candidate, asked.seed), place) for place, asked in lacking.items()
        ]
        with results.claimed(self.folder), Watch(self.folder, [place.name for place in lacking], self.quiet):
            for place in lacking:
                shutil.rmtree(place, ignore_errors=True)
            if min(self.jobs, len(work)) <= 1:
                for one in work:
                    work_into(*one, None)
            else:
                with quiet_tracker():
                    Parallel(n_jobs=min(self.jobs, len(work)), backend="loky", batch_size=1)(
                        delayed(work_into)(*one, os.getpid()) for one in work
                    )
            for place in lacking:
                _without_daily(place / "facts.json")

    def _borrow(self, asked: Asked, place: Path) -> bool:
        """Take a replay from a finished run of this very scenario, trial, charter and code; whether there was one."""
        run = self._run_of(self.varied(asked), asked)
        if run is None:
            return False
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        table = pq.read_table(run / "counts.parquet")
        mine = pc.and_(pc.equal(table["candidate"], asked.candidate), pc.equal(table["seed"], asked.seed))
        facts = results.read_json(run / "facts.json")
        world = facts["world"]
        with results.claimed(self.folder):
            place.mkdir(parents=True, exist_ok=True)
            pq.write_table(table.filter(mine), place / "counts.parquet", compression="zstd")
            kept = {key: facts[key] for key in ("unmeasured", "slices", "lawful")}
            kept["asked"] = facts["asked"][Job(asked.candidate, asked.seed).name]
            kept |= {key: world[key] for key in ("start", "go_live", "horizon", "end", "closed")}
            kept["ground_truth"] = _world_truth(run, int(world["go_live"]))
            kept["cases"] = _cases(run, asked)
            results.write_json(place / "facts.json", kept)
            results.write_json(place / "done.json", {"from": run.name})
        return True

    def _own(self, loaded: Loaded) -> dict[str, str]:
        found = results.own_code_digests(own_code.uses(loaded))
        return found | (own_code.digest_at(Path(loaded.code)) if loaded.code else {})

    def _run_of(self, loaded: Loaded, asked: Asked) -> Path | None:
        made = self._made_by
        digests = loaded.run_digest(), loaded.charter.operating_digest()
        for path in sorted((self.root / loaded.scenario_id).glob("*/manifest.json")):
            try:
                told = json.loads(path.read_text(encoding="utf-8"))
                same = (
                    told["status"] == "finished"
                    and (told["scenario"]["digest"], told["charter"]["operatingDigest"]) == digests
                    and told["code"]["digest"] == made["code"]
                    and told["code"]["own"] == self._own(loaded)
                    and told["packages"] == made["packages"]
                    and asked.seed in told["seeds"]
                    and asked.candidate in (INCUMBENT, *told["candidates"])
                    and results.read_finished(path.parent)
                )
            except (OSError, ValueError, KeyError, TypeError, UserError):
                continue
            if same:
                return path.parent
        return None

    # --- what the replays counted -------------------------------------------------------------------------------------

    def facts(self, asked: Asked) -> dict[str, Any]:
        """What a replay told beside its counts; it must have been fetched."""
        return results.read_json(self.place(asked) / "facts.json")

    def counts(self, asked: Sequence[Asked]) -> pd.DataFrame:
        """Counts of replays that were fetched, one below the other."""
        import pandas as pd

        return pd.concat(
            [pd.read_parquet(self.place(one) / "counts.parquet") for one in asked], ignore_index=True
        )

    def tallies(self, asked: Sequence[Asked]) -> tallies.Tallies:
        """Tallies over the seeds of replays that were fetched, each with its incumbent where that was fetched too."""
        whole = list({one.key: one for one in asked}.values())
        known = {one.key for one in whole}
        base = [one.incumbent() for one in whole]
        whole += list(
            {
                one.key: one
                for one in base
                if one.key not in known and (self.place(one) / "done.json").exists()
            }.values()
        )
        seeds = tuple(dict.fromkeys(one.seed for one in asked))
        return tallies.tallies(self.counts(whole), self.specs, seeds, self.days)

    @property
    def days(self) -> int:
        """Length of the scored horizon."""
        return int((self.loaded.scenario.horizon - self.loaded.scenario.go_live) // DAY)

    def clauses(self, asked: Asked) -> tuple[ClauseTerms, ...]:
        """The charter's clauses, its slices among them, as a replay that was fetched has them."""
        facts = self.facts(asked)
        lawful = facts.get("lawful", {})
        slices = {
            name: Slice(name, "", tuple(labels), tuple(lawful.get(name, ())))
            for name, labels in facts["slices"].items()
        }
        return terms.terms(self.loaded.charter, slices, self.specs)

    @property
    def compares(self) -> bool:
        """Whether any clause compares with the incumbent, which must then be replayed as well."""
        return any(
            self.specs[c.metric].form in tallies.COMPARED
            for c in self.loaded.charter.spec.clauses
            if c.critical
        )


def _without_daily(path: Path) -> None:
    facts = results.read_json(path)
    facts["ground_truth"] = [row for row in facts["ground_truth"] if row["kind"] not in _DAILY]
    results.write_json(path, facts)


def _cases(run: Path, asked: Asked) -> list[dict[str, Any]]:
    """The cases of a replay, from a run's timeline; without their steps."""
    import pandas as pd

    rows = pd.read_parquet(run / "timeline.parquet", columns=["candidate", "seed", "kind", "detail"])
    mine = (rows["kind"] == "case") & (rows["candidate"] == asked.candidate) & (rows["seed"] == asked.seed)
    return [json.loads(detail) for detail in rows.loc[mine, "detail"]]


def _world_truth(run: Path, go_live: int) -> list[dict[str, Any]]:
    """Injections, veils and outages, from a run's timeline."""
    import pandas as pd

    rows = pd.read_parquet(run / "timeline.parquet")
    rows = rows[rows["kind"].isin(("injection", "veil", "outage"))]
    told: list[dict[Any, Any]] = rows.to_dict("records")
    return [
        {
            "kind": row["kind"],
            "name": row["name"],
            "onset": int(row["t"]),
            "end": go_live + int(row["end_day"] * DAY),
            "magnitude": float(row["value"]),
        }
        for row in told
    ]
