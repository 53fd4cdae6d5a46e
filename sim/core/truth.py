"""Truth: what really happened and would have happened. Only metrics may look (law 11).

Knows: blocks. Does not know: who looks; import contracts and law 11 do.

A world's `settle` answers a Settlement. The replay hands it to the ledger and to nobody else: features, candidates,
policies, signals and the playbook neither receive this type nor may import this module (import contract).
"""

from __future__ import annotations

from typing import NamedTuple

from sim.core.events import Block


class Truth(NamedTuple):
    """Latent facts, one row per settled event, aligned with the question's rows."""

    block: Block


class Outcomes(NamedTuple):
    """Which action took effect on each row and when (`effect`, `effect_at`, `pending`), aligned with the question."""

    block: Block


class Settlement(NamedTuple):
    """Everything that a world says of the events it has settled."""

    outcomes: Outcomes
    truth: Truth
