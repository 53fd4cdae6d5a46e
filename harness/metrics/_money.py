"""Sums of money that do not depend on order: stakes, margins, what bettors take.

Knows: columns of bets, the news about bets. Does not know: any one metric. Amounts are rounded to
2**-20 (a millionth of a euro, or of a second): sums are exact below 2**33, 8.6 thousand million.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, Floats, Observed, Rows, column_sums
from harness.metrics._sums import exact

MONEY_BITS = 20
CENTS, MILLIONTHS = 100.0, 1e6

Where = NDArray[np.bool_]


def money(amount: Floats) -> Floats:
    """Amounts (n,) rounded so that their sums are exact."""
    return exact(np.asarray(amount, dtype=np.float64), MONEY_BITS)


def accepted(rows: Rows) -> Floats:
    """Stake that stands (n,), in euros; 0 where the bet was refused or void."""
    return np.asarray(rows["accepted_stake"], dtype=np.float64)


def column(rows: Rows, name: str, where: Where) -> Floats:
    """A column (n,) as float64, 0 outside `where`: what nobody knows of a refused bet cannot spoil a sum."""
    return np.where(where, rows[name].astype(np.float64), 0.0)


def per_stake(
    amount: Floats, stake: Floats, codes: NDArray[np.int64], k: int, below: Floats | None = None
) -> Counts:
    """Amounts (n,) over stakes (n,), by slice code. `below`: stakes of the denominator where they are others."""
    under = stake if below is None else below
    return Counts(column_sums(money(amount), codes, k), column_sums(money(under), codes, k))


def margin(rows: Rows, chance: str, where: Where, codes: NDArray[np.int64], k: int) -> Counts:
    """Accepted stake x (1 - odds x chance) over accepted stake, of the rows `where`. chance: name of a column."""
    stake = np.where(where, accepted(rows), 0.0)
    stands = stake > 0.0
    return per_stake(
        stake * (1.0 - column(rows, "odds", stands) * column(rows, chance, stands)), stake, codes, k
    )


def taken(rows: Rows, theirs: Where) -> Floats:
    """What the bettors of the rows `theirs` are expected to take (n,), EUR: stake x (odds x p - 1), and more where part
    of the stake was the book's own gift: that part is never lost and never paid back, hence gift x (1 - p)."""
    stake = np.where(theirs, accepted(rows), 0.0)
    stands = stake > 0.0
    p = column(rows, "p_true", stands)
    gain = stake * (column(rows, "odds", stands) * p - 1.0)
    return gain + column(rows, "gift", stands) * (1.0 - p) if "gift" in rows else gain


def everything(rows: Rows) -> Where:
    """All rows."""
    return np.ones(len(rows), dtype=np.bool_)


def heard(seen: Observed, stream: str, needed: tuple[str, ...], by: str) -> Rows | None:
    """The day's items of a stream; no rows where none came; None where they lack a column or the cut."""
    rows = seen.news.get(stream)
    wanted = (*needed, *((by,) if by else ()))
    if rows is None or not len(rows):
        return Rows({name: np.empty(0) for name in wanted}, 0)
    return rows if all(name in rows for name in wanted) else None


def cut(rows: Rows, by: str) -> NDArray[np.int64]:
    """Slice codes (n,) of a column, zeros without one."""
    return rows[by].astype(np.int64) if by else np.zeros(len(rows), dtype=np.int64)


def marked_out(seen: Observed, by: str, k: int, live: bool = False) -> Counts | None:
    """Margin by the book's own later price: minus the edge of each bet's odds on it, weighted by the stake."""
    rows = heard(seen, "mark_out", ("edge_1e6", "stake_cents", *(("live",) if live else ())), by)
    if rows is None:
        return None
    stake = rows["stake_cents"].astype(np.float64) / CENTS
    if live:
        stake = np.where(rows["live"] != 0, stake, 0.0)
    return per_stake(-stake * (rows["edge_1e6"].astype(np.float64) / MILLIONTHS), stake, cut(rows, by), k)
