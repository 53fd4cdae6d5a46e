"""What interventions cost and save, paired by seed with the champion: tables of docs/fairness.md.

python -m tests.theory.fairness_costs results/runs/telco/fairness-v1/RUN
python -m tests.theory.fairness_costs results/runs/sportsbook/fairness-v1/RUN detection_rate adverse_loss lawful_held_up

The last measure is also told by class of lawful callers, or by segment of bettors.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtrit

ASKED = ("detection_rate", "hard_false_blocks")


def paired(values: pd.DataFrame, name: str, champion: str) -> tuple[float, float, float]:
    """Mean over seeds of a candidate's value less the champion's, with Student's interval of 95 %."""
    gap = (values[name] - values[champion]).to_numpy()
    reach = float(stdtrit(len(gap) - 1, 0.975)) * gap.std(ddof=1) / math.sqrt(len(gap))
    return float(gap.mean()), float(gap.mean() - reach), float(gap.mean() + reach)


def tables(run: Path, asked: Sequence[str] = ASKED) -> list[str]:
    """Values, paired gaps, comparisons of groups by month, and classes by false blocks."""
    rows = pd.read_parquet(run / "metrics.parquet")
    rows = rows[(rows["view"] == "true") & (rows["window"] == "total")]
    compared = json.loads((run / "fairness.json").read_text(encoding="utf-8"))["candidates"]
    names = [one["name"] for one in compared]
    head = ["candidate", *(f"{metric}, less {names[0]}'s" for metric in asked)]
    head += [clause["name"] for clause in compared[0]["clauses"]]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for one in compared:
        cells = [f"`{one['name']}`"]
        for metric in asked:
            own = rows[(rows["metric"] == metric) & (rows["slice"] == "all")]
            whole = own[(own["seed"] == -1) & (own["candidate"] == one["name"])]["value"].iloc[0]
            each = own[own["seed"] >= 0].pivot_table(index="seed", columns="candidate", values="value")
            gap = ", champion"
            if one["name"] != names[0]:
                value, low, high = paired(each, one["name"], names[0])
                gap = f", {100 * value:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"
            cells.append(f"{whole:.2%}{gap}")
        for clause in one["clauses"]:
            total, months = clause["total"], ", ".join(f"{m['value']:.2g}" for m in clause["months"])
            cells.append(f"{total['value']:.2g} ({total['low']:.2g} to {total['high']:.2g}); {months}")
        lines.append("| " + " | ".join(cells) + " |")
    own = rows[(rows["metric"] == asked[-1]) & (rows["candidate"] == names[0]) & (rows["seed"] == -1)]
    own = own[own["slice"].str.startswith(("caller_class=", "segment=")) & np.isfinite(own["value"])]
    told = [
        f"{row.slice.partition('=')[2]} {row.value:.2%}"
        for row in own.sort_values("value", ascending=False).itertuples()
    ]
    return [*lines, "", f"{names[0]}, {asked[-1]} by class: {', '.join(told)}"]


if __name__ == "__main__":
    print("\n".join(tables(Path(sys.argv[1]), sys.argv[2:] or ASKED)))
