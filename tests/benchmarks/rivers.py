"""River's side of the comparison: its learner, its rows, its progressive validation with late labels.

Knows: River's interface. Does not know: anything of ours but the stream.
River reads instants and delays from the row itself; a field that the model must not learn would have to be dropped
again for each row, so both are told by closures instead. That is the fastest way that River offers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.benchmarks.streams import FIELDS, Stream

Row = dict[str, float]


def learner(rate: float = 0.01) -> Any:
    """`StandardScaler | LogisticRegression(SGD(rate))` that has seen nothing."""
    from river import linear_model, optim, preprocessing

    return preprocessing.StandardScaler() | linear_model.LogisticRegression(
        optim.SGD(rate), intercept_lr=rate
    )


def rows_of(stream: Stream) -> list[Row]:
    """The fields of each row as River takes them."""
    return [dict(zip(FIELDS, row, strict=True)) for row in stream.x.tolist()]


def steps(stream: Stream, model: Any, rows: list[Row], step: int, late: bool = True) -> Iterator[Any]:
    """River's progressive validation with the stream's own lags, pausing after each `step` labels learnt.

    `late` False tells each label at once: the path without a queue of labels, the fastest that River has.
    """
    from river import evaluate, metrics

    labels = stream.y.astype(bool).tolist()
    if not late:
        return evaluate.iter_progressive_val_score(
            zip(rows, labels, strict=True), model, metrics.LogLoss(), step=step
        )
    now = lag = 0

    def dataset() -> Iterator[tuple[Row, bool]]:
        nonlocal now, lag
        for x, y, t, known in zip(rows, labels, stream.t.tolist(), stream.known_at.tolist(), strict=True):
            now, lag = t, known - t
            yield x, y

    return evaluate.iter_progressive_val_score(
        dataset(), model, metrics.LogLoss(), moment=lambda x: now, delay=lambda x, y: lag, step=step
    )


def progress(stream: Stream, model: Any) -> None:
    """Learn the whole stream."""
    for _ in steps(stream, model, rows_of(stream), len(stream.y)):
        pass
