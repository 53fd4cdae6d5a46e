"""What `windtunnel check` says before any run: documents read, what the seeds can resolve, and the coin-flip canary.

Knows: documents, planning figures of a world, resolution arithmetic. Does not know: any result.
"""

from __future__ import annotations

from harness import trial
from harness.assembly import build_replay
from harness.canary import Canary, CoinFlips, CoinLedger
from harness.replay import replay
from harness.trial import Loaded
from sim import open_world


def sing(loaded: Loaded, name: str, seed: int) -> Canary:
    """Replay one candidate on coin-flip labels, in the closed loop of its own scenario."""
    flips = CoinFlips(open_world(loaded.scenario, seed), seed)
    setting = build_replay(loaded, loaded.candidate(name), seed, None, [], world=flips)  # type: ignore[arg-type]
    (kind,) = setting.desks
    ledger = CoinLedger(flips, flips.go_live)
    replay(flips, setting.desks, {kind: ledger})  # type: ignore[arg-type, dict-item]
    return ledger.verdict(name)
