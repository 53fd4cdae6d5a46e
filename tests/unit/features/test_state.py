"""What a featurizer holds: state follows the keys that are active, not the horizon; and it says what it costs."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import scenarios
from harness import trial
from harness.accumulation import Accumulation
from harness.featurizer import SIGNALLING, Featurizer
from harness.keys import Keys
from harness.kinds import FeatureSpec
from sim.core.events import Block
from sim.core.time import HOUR, MINUTE
from sim.core.world import News
from sim.worlds.telco.vocabulary import KINDS, STREAMS
from tests.unit.features import logs
from tests.unit.features.logs import CALLER, EXAMPLES, KIND, log_of, spec

SETS = Path(scenarios.__file__).parent / "features" / "telco"


def shipped(name: str) -> tuple[FeatureSpec, ...]:
    found = trial.load_any(str(SETS / f"{name}.yaml"))
    assert isinstance(found, tuple)
    return found


def test_state_follows_active_keys_and_not_the_horizon() -> None:
    """Every caller is new and soon gone, over forty times the longest window."""
    window = 5 * HOUR
    specs = [
        spec("distinct", "a", feed=SIGNALLING, by=CALLER, window=window, of="callee"),
        spec("usual_hours", "b", feed=SIGNALLING, by=CALLER, window=HOUR),
        spec("age", "c", feed=SIGNALLING, by=CALLER, window=HOUR),
        spec("mean", "d", feed="call_record", by=CALLER, window=window, of="duration_s"),
    ]
    featurizer = Featurizer(specs, KIND, logs.STREAMS)
    sizes, keys, rows = [], [], 400
    for tick in range(200):
        start = tick * HOUR
        t = start + np.arange(rows) * (HOUR // rows)
        caller = tick * 1000 + np.arange(rows) // 4
        calls = np.stack([t, caller, np.arange(rows) % 7, t % 3], axis=1)
        records = np.stack([t, t, caller, caller, t % 2, t % 9], axis=1)
        log = log_of(calls.tolist(), records.tolist(), [])
        featurizer.learn(News("call_record", log["call_record"]))
        featurizer.values(log[SIGNALLING])
        sizes.append(featurizer.state_bytes())
        keys.append(featurizer.active_keys())
    assert sizes[20] == sizes[-1]
    assert keys[20] == keys[-1]
    assert set(keys[-1]) == {"signalling by caller", "call_record by caller"}
    assert all(500 <= held <= 700 for held in keys[-1].values())


def test_a_key_that_comes_back_starts_from_nothing() -> None:
    specs = [
        spec("count", "n", feed=SIGNALLING, by=CALLER, window=HOUR),
        spec("since", "gap", feed=SIGNALLING, by=CALLER, window=HOUR),
        spec("age", "age", feed=SIGNALLING, by=CALLER, window=HOUR),
        spec("usual_hours", "hours", feed=SIGNALLING, by=CALLER, window=HOUR),
    ]
    others = [(2 * HOUR + n * MINUTE, 7 + n, 2, 0) for n in range(50)]
    calls = [(0, 1, 2, 0), (MINUTE, 1, 2, 0), *others, (4 * HOUR, 1, 2, 0), (4 * HOUR + MINUTE, 1, 2, 0)]
    values = logs.play(specs, log_of(calls, [], []))
    np.testing.assert_array_equal(values[-2], np.array([0, np.nan, 0, np.nan], dtype=np.float32))
    np.testing.assert_array_equal(values[-1], np.array([1, 60, 60, 0], dtype=np.float32))


def test_describe_says_what_each_feature_means_reads_and_costs() -> None:
    featurizer = Featurizer(shipped("robocall-v1"), KINDS["call"], STREAMS)
    told = {row["name"]: row for row in featurizer.describe()}
    assert tuple(told) == featurizer.names
    for row in told.values():
        assert all(row[word] for word in ("op", "concept", "reading", "owner", "feeds", "fields"))
    assert told["calls_1h"]["bytes_per_key"] == 4
    assert told["unusual_hour_28d"]["bytes_per_key"] == 24 * 4 + 4
    assert told["mean_answered_seconds_7d"]["fields"] == ["answered", "caller", "duration_s"]
    assert told["attestation"]["bytes_per_key"] == 0
    coded = Featurizer([logs.CODED], KIND, logs.STREAMS).describe()[0]
    assert (coded["feeds"], coded["fields"]) == (["report", "signalling"], ["callee", "caller"])


def test_the_bench_desk_is_what_it_says() -> None:
    specs = shipped("bench-v1")
    assert len(specs) == 15
    assert sum(declared.use in ("distinct", "ratio") for declared in specs) == 6


@pytest.mark.parametrize("name", ["robocall-v1", "bench-v1"])
def test_a_shipped_set_fits_the_telco(name: str) -> None:
    featurizer = Featurizer(shipped(name), KINDS["call"], STREAMS)
    block = KINDS["call"].schema.empty()
    assert featurizer.values(block).shape == (0, len(featurizer.names))


SMALL = log_of(
    [(n * HOUR // 3, n * n % 5 - 2, n % 4 * 2**60, n % 4) for n in range(60)],
    [(n * HOUR // 2, 0, n * n % 5 - 2, n % 3, n % 2, n % 11) for n in range(40)],
    [(n * HOUR, n % 5 - 2) for n in range(20)],
)
PLAIN = """
import sys
from sim.core.compile import COMPILED
from tests.unit.features.test_state import SMALL
from tests.unit.features.logs import CODED, EXAMPLES, play
assert COMPILED == (sys.argv[1] == "compiled"), COMPILED
sys.stdout.buffer.write(play([*EXAMPLES, CODED], SMALL).tobytes())
"""


def test_without_the_compiler_every_bit_is_the_same() -> None:
    def bits(word: str, switch: str) -> bytes:
        environment = {**os.environ, "WINDTUNNEL_NO_JIT": switch}
        command = [sys.executable, "-W", "error::RuntimeWarning", "-c", PLAIN, word]
        root = Path(__file__).parents[3]
        return subprocess.run(
            command, cwd=root, env=environment, capture_output=True, check=True, timeout=300
        ).stdout

    plain = bits("plain", "1")
    assert len(plain) == 4 * len(SMALL[SIGNALLING]) * (len(EXAMPLES) + 1)
    assert plain == bits("compiled", "0")


def test_tables_grow_from_the_smallest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rings, key tables and pair tables that begin with room for two end with the same answers."""
    whole = logs.play(EXAMPLES, SMALL)
    monkeypatch.setattr("harness.featurizer.Keys", partial(Keys, room=2))
    monkeypatch.setattr("harness.featurizer.Accumulation", partial(Accumulation, room=2))
    np.testing.assert_array_equal(logs.play(EXAMPLES, SMALL), whole)


def test_blocks_stay_as_they_were() -> None:
    before: Block = SMALL[SIGNALLING]
    digest = before.digest()
    logs.play(EXAMPLES, SMALL)
    assert before.digest() == digest
