"""explain: a thousand random decisions as the run recorded them, and what stands beside each.

Knows: ledgers, models as files, dossiers. Does not know: how a dossier is taken down.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import explaining, keeping, results
from harness.dossier import Sought, gather
from harness.report import dossiers
from tests.cli.calling import Answer

Call = Callable[..., Answer]
SOME = 60


def ledger(run: Path, candidate: str = "trees", seed: int = 1, desk: str = "") -> Any:
    import pandas as pd

    place = run / "ledger" / f"candidate={candidate}" / f"seed={seed}" / (f"desk={desk}" if desk else "")
    return pd.concat(
        [pd.read_parquet(path) for path in sorted(place.glob("part-*.parquet"))], ignore_index=True
    )


def drawn(rows: Any, size: int) -> tuple[int, ...]:
    """Ids, drawn at random once and for all."""
    chosen = np.random.default_rng(20_260_105).choice(rows["id"].to_numpy(), size, replace=False)
    return tuple(int(each) for each in chosen)


@pytest.fixture(scope="module")
def told(base: Path) -> list[dict[str, Any]]:
    """Dossiers of some decisions: every action among them."""
    rows = ledger(base)
    ids = dict.fromkeys(
        int(e) for code in rows["action"].unique() for e in rows[rows["action"] == code]["id"][:20]
    )
    ids |= dict.fromkeys(drawn(rows, SOME))
    kept = explaining.recorded(base, "trees", 1, tuple(ids), "")
    found = gather(keeping.load(base), "trees", 1, Sought(tuple(ids), hints=None))
    models = results.read_json(base / "models.json")["models"]
    for one in found:
        assert explaining._compare(one, kept, models), one["recorded"]
    return found


def same(one: dict[str, Any], row: Any) -> bool:
    """Whether a dossier has what the ledger has, to the bit."""
    answer = one["answer"]
    score = np.float32(np.nan if answer["score"] is None else answer["score"])
    return (
        int(row["action"]) == answer["actionCode"]
        and score.tobytes() == np.float32(row["scored"]).tobytes()
        and np.float32(answer["propensity"]).tobytes() == np.float32(row["propensity"]).tobytes()
        and bool(row["exempt"]) == answer["exempt"]
        and all(f["value"] == row[f["name"]] for f in one["fields"])
        and int(row["effect"]) == one["outcome"]["effect"]["value"]
        and bool(one["agrees"])
    )


def test_a_thousand_random_calls_are_explained_as_they_were_decided(base: Path) -> None:
    rows = ledger(base)
    ids = drawn(rows, 1000)
    found = gather(keeping.load(base), "trees", 1, Sought(ids, after=0, what_if=False))
    assert [one["event"] for one in found] == list(ids)
    by_id = rows.set_index("id", drop=False)
    assert len({one["answer"]["action"] for one in found}) >= 3, "several actions are among them"
    assert [one["event"] for one in found if not same(one, by_id.loc[one["event"]])] == []
    for one in found:
        if one["reasons"]["exact"]:
            assert one["reasons"]["probability"] == pytest.approx(one["answer"]["score"], abs=2e-6)


@pytest.mark.slow
def test_a_thousand_random_bets_and_quotes_are_explained_as_they_were_decided(tmp_path: Path) -> None:
    from harness.jobs import Job, replay_job
    from tests.laws.small import load_small_book

    screen = "{use: fixed_threshold, with: {label_at: 0.03, block_at: 0.3, stop: reject, soft: limit}}"
    loaded = load_small_book(
        "trial.ledger={keep: full}",
        "world.with.betsPerMatch=9000",
        f"trial.candidates.0.desks.bet.policy={screen}",
    )
    name = loaded.candidates[0]
    replay_job(loaded, Job(name, 1), tmp_path)
    bets, quotes = (ledger(tmp_path, name, desk=desk) for desk in ("bet", "match_odds"))
    chosen = (*drawn(bets, 1000 - min(260, len(quotes))), *drawn(quotes, min(260, len(quotes))))
    everything = gather(loaded, name, 1, Sought(chosen, after=0, what_if=False))
    # A knot of a match's price curve is a question to each of its markets, under one id.
    assert {one["desk"] for one in everything} == {"bet", "match_odds", "total_goals"}
    found = [one for one in everything if one["desk"] in ("bet", "match_odds")]
    assert sorted(one["event"] for one in found) == sorted(chosen)
    assert len({one["answer"]["action"] for one in found if one["form"] == "act"}) >= 2
    tables = {"bet": bets.set_index("id", drop=False), "match_odds": quotes.set_index("id", drop=False)}
    for one in found:
        row = tables[one["desk"]].loc[one["event"]]
        if one["form"] == "act":
            assert same(one, row), one["event"]
            continue
        answer = one["answer"]
        assert one["agrees"], one["event"]
        assert list(answer["probability"].values()) == [row[f"p{i}"] for i in range(3)]
        assert list(answer["odds"].values()) == [row[f"o{i}"] for i in range(3)]
        assert answer["suspended"] == bool(row["suspended"])


# --- what stands beside a decision --------------------------------------------------------------------------------


def test_nothing_is_known_before_its_instant_and_truth_stands_apart(told: list[dict[str, Any]]) -> None:
    hidden = set(told[0]["truth"])
    assert {"unwanted", "caller_class"} <= hidden
    for one in told:
        assert not hidden & {f["name"] for f in (*one["fields"], *one["features"])}
        assert {item["feed"] for item in one["known"]} == {"signalling", "call_record"}
        for item in one["known"]:
            if item["newest"] is not None:
                assert (
                    item["newest"]["t"] <= item["newest"]["knownAt"] <= item["newest"]["delivered"] < one["t"]
                )
        for item in one["later"]:
            assert item["knownAt"] > one["t"] or item["about"] == "its entity, another day"
        assert any(item["stream"] == "call_record" for item in one["later"] if item["about"] == "the event")


def test_features_follow_from_the_items_that_are_told(told: list[dict[str, Any]]) -> None:
    for one in told:
        values = {f["name"]: f["value"] for f in one["features"]}
        items = {item["feed"]: item["items"] for item in one["known"]}
        assert values["calls_24h"] == items["signalling"]
        assert (values["answered_24h"] is None) == (items["call_record"] == 0)


def test_what_would_have_changed_it_does_so_in_the_models_own_file(
    base: Path, told: list[dict[str, Any]]
) -> None:
    import xgboost

    tried = 0
    for one in told:
        booster = xgboost.Booster(model_file=str(base / one["model"]["place"]))
        x = np.array(
            [[math.nan if f["value"] is None else f["value"] for f in one["features"]]], dtype=np.float32
        )
        names = [f["name"] for f in one["features"]]
        for move in one["whatIf"]["features"]:
            moved = x.copy()
            moved[0, names.index(move["feature"])] = math.nan if move["to"] is None else move["to"]
            score = round(float(booster.inplace_predict(moved)[0]), 6)
            assert score == pytest.approx(move["score"], abs=1.5e-6)
            action = "block" if score >= 0.3 else "label" if score >= 0.1 else "pass"
            assert action == move["action"] != one["whatIf"]["asked"]
            tried += 1
    assert tried > 4
    assert len({one["model"]["place"] for one in told}) == 2, (
        "decided by the champion, and by the version before it"
    )


def test_the_nearest_scores_are_the_thresholds(told: list[dict[str, Any]]) -> None:
    for one in told:
        score, sides = one["whatIf"]["score"], {s["side"]: s for s in one["whatIf"]["nearestScores"]}
        above = next((edge for edge in (0.1, 0.3) if edge > score), None)
        assert ("above" in sides) == (above is not None)
        if above is not None:
            assert sides["above"]["score"] == above
        below = next((edge for edge in (0.3, 0.1) if edge <= score), None)
        assert ("below" in sides) == (below is not None)
        if below is not None:
            assert sides["below"]["score"] == pytest.approx(below - 1e-6, abs=1e-9)


# --- as text, as JSON, as a page ------------------------------------------------------------------------------------


def test_a_dossier_as_text_json_and_page(call: Call, run: Path, tmp_path: Path) -> None:
    rows = ledger(run)
    event = int(rows[rows["action"] == 4]["id"].iloc[0])
    page = tmp_path / "page.html"
    answer = call("explain", run, event, "--json", "--page", page, "-q", "--after", "1d")
    assert (answer.code, answer.err) == (0, "")
    (one,) = json.loads(answer.out)["dossiers"]
    assert (one["event"], one["answer"]["action"], one["seed"], one["candidate"]) == (
        event,
        "block",
        1,
        "trees",
    )
    assert one["recorded"] == "The ledger has the same, bit for bit."
    assert one["model"]["recorded"].startswith("the run's version")
    html = page.read_text(encoding="utf-8")
    assert f"call {event}: block" in html
    assert '<section class="truth"><h2>What nobody knew</h2>' in html
    assert "http" not in html
    lines = dossiers.text("a run.", one)
    assert lines[0] == f"# call {event}: block"
    assert "## What would have changed the decision" in lines


def test_a_decision_that_is_not_as_recorded_is_told(call: Call, run: Path) -> None:
    import pandas as pd

    part = next(run.glob("ledger/candidate=trees/seed=1/part-*.parquet"))
    rows = pd.read_parquet(part)
    event = int(rows["id"].iloc[7])
    rows.loc[7, "action"] = 3
    rows.to_parquet(part, index=False)
    answer = call("explain", run, event, "-q", "--after", "0s")
    assert answer.code == 10
    assert "NOT as the ledger has it: action 3, replayed" in answer.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nosuch", "1"), "no run 'nosuch'"),
        (("RUN", "x1"), "EVENT: 'x1' is not an event's id"),
        (("RUN", "-q", "--", "-4"), "EVENT: '-4' is not an event's id"),
        (("RUN", "7"), "no event 7 for candidate 'trees' on seed 1; the ledger has, among others,"),
        (("RUN", "7", "--candidate", "tree"), "did you mean 'trees'"),
        (("RUN", "7", "--seed", "9"), "--seed: no seed 9 in this run, expected one of 1, 2"),
        (("RUN", "7", "--desk", "bet"), "--desk"),
        (("RUN", "7", "--after", "soon"), "--after: got 'soon', expected a duration"),
        (("RUN", "7", "--page", "page.pdf"), "--page: got page.pdf, expected a file that ends in .html"),
    ],
)
def test_what_is_not_there_is_one_line(words: tuple[str, ...], says: str, call: Call, run: Path) -> None:
    lines = call("explain", *(run if word == "RUN" else word for word in words)).faults()
    assert len(lines) == 1
    assert says in lines[0]


def test_a_folder_whose_documents_were_edited_explains_nothing(call: Call, run: Path) -> None:
    path = run / "documents" / "features.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("24h", "23h"), encoding="utf-8")
    (line,) = call("explain", run, 1, "-q").faults()
    assert "documents/features.yaml: not what the run wrote" in line
