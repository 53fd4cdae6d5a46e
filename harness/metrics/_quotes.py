"""Losses of quotes: probabilities p0, p1, … of a row's outcomes against the outcome that came true, or against the true
probabilities q0, q1, ….

Knows: proper scoring rules. Does not know: who quoted. Losses are rounded to 2**-30, so their sums are exact.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, Floats, Observed, Rows, column_sums
from harness.metrics._sums import exact

Loss = Callable[[Floats, NDArray[np.int64]], Floats]
NEEDS = ("p0", "p1", "outcome")
LEAST = 1e-15
"""A quote of zero on what came true would cost infinitely much; it costs -log of this."""


def quoted(rows: Rows) -> Floats:
    """Quotes (n, k) from the columns p0..p(k-1)."""
    columns: list[Floats] = []
    while f"p{len(columns)}" in rows:
        columns.append(rows[f"p{len(columns)}"].astype(np.float64))
    return np.column_stack(columns)


def ranked_probability(p: Floats, outcome: NDArray[np.int64]) -> Floats:
    """Ranked probability score (n,): mean square between cumulated quotes and cumulated outcome, over k - 1 steps.

    Outcomes are ordered (home, draw, away): quoting a draw is less wrong than quoting the other side (Epstein 1969).
    """
    k = p.shape[1]
    below, loss = np.zeros(len(p)), np.zeros(len(p))
    for step in range(k - 1):
        below = below + p[:, step]
        loss = loss + (below - (outcome <= step)) ** 2
    return np.asarray(loss / (k - 1), dtype=np.float64)


def logarithmic(p: Floats, outcome: NDArray[np.int64]) -> Floats:
    """Log loss (n,) in nats."""
    return -np.log(np.maximum(p[np.arange(len(p)), outcome], LEAST))


def quadratic(p: Floats, outcome: NDArray[np.int64]) -> Floats:
    """Brier score (n,): sum over outcomes of the squared difference, 0 to 2 (Brier 1950)."""
    loss = np.zeros(len(p))
    for each in range(p.shape[1]):
        loss = loss + (p[:, each] - (outcome == each)) ** 2
    return loss


def divergence(p: Floats, q: Floats) -> Floats:
    """Divergence (n,) of quotes p from true probabilities q, both (n, k), in nats (Kullback and Leibler 1951): what the
    expected log loss is beyond the least possible."""
    loss = np.zeros(len(p))
    for each in range(p.shape[1]):
        true = np.maximum(q[:, each], 0.0)
        ratio = np.log(np.maximum(true, LEAST)) - np.log(np.maximum(p[:, each], LEAST))
        loss = loss + np.where(true > 0.0, true * ratio, 0.0)
    return loss


def ranked_distance(p: Floats, q: Floats) -> Floats:
    """Mean square (n,) between cumulated quotes and cumulated true probabilities, over k - 1 steps: what the expected
    ranked probability score is beyond the least possible."""
    k = p.shape[1]
    apart, loss = np.zeros(len(p)), np.zeros(len(p))
    for step in range(k - 1):
        apart = apart + (p[:, step] - q[:, step])
        loss = loss + apart**2
    return np.asarray(loss / (k - 1), dtype=np.float64)


def latent_losses(
    rows: Rows, codes: NDArray[np.int64], k: int, loss: Callable[[Floats, Floats], Floats]
) -> Counts:
    """Summed distances of quotes from the columns q0..q(k-1) over rows, by slice code."""
    if not len(rows):
        return Counts(np.zeros(k), np.zeros(k))
    p = quoted(rows)
    q = np.column_stack([rows[f"q{each}"].astype(np.float64) for each in range(p.shape[1])])
    return Counts(column_sums(exact(loss(p, q)), codes, k), column_sums(np.ones(len(p)), codes, k))


def losses(rows: Rows, codes: NDArray[np.int64], k: int, loss: Loss, sign: float = 1.0) -> Counts:
    """Summed losses of rows whose outcome is known (not negative) over those rows, by slice code."""
    if not len(rows):
        return Counts(np.zeros(k), np.zeros(k))
    outcome = rows["outcome"].astype(np.int64)
    known = outcome >= 0
    value = np.where(known, exact(loss(quoted(rows), np.maximum(outcome, 0))), 0.0)
    return Counts(column_sums(sign * value, codes, k), column_sums(known, codes, k))


def seen_losses(seen: Observed, loss: Loss, by: str, k: int) -> Counts | None:
    """Losses of quotes whose results became known on the day; None where no news carries quote and outcome
    together.
    """
    for name in sorted(seen.news):
        rows = seen.news[name]
        if all(column in rows for column in NEEDS) and (not by or by in rows):
            codes = rows[by].astype(np.int64) if by else np.zeros(len(rows), dtype=np.int64)
            return losses(rows, codes, k, loss)
    return None
