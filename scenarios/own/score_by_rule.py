"""A candidate as a program: reads feature rows as an Arrow stream on stdin, writes scores as one on stdout.

    use: "command:python score_by_rule.py"

Copy it beside your scenario and put your model where `score` is. It needs pyarrow and nothing of Windtunnel. One
process lives through a whole replay: load your model once, before the loop. Print to stderr only.
"""

import sys

import numpy as np
import pyarrow as pa


def score(columns: dict[str, np.ndarray]) -> np.ndarray:
    """A score from 0 to 1 for each row, from columns (n,) of float32 by feature; NaN is a missing value.

    Here: the first feature's logarithm through a logistic curve."""
    first = np.nan_to_num(next(iter(columns.values())).astype(np.float64))
    return 1.0 / (1.0 + np.exp(3.0 - np.log1p(np.maximum(first, 0.0))))


def main() -> None:
    answers = pa.schema([pa.field("score", pa.float64())])
    with pa.ipc.open_stream(sys.stdin.buffer) as asked, pa.ipc.new_stream(sys.stdout.buffer, answers) as told:
        for block in asked:
            columns = {name: block[name].to_numpy(zero_copy_only=False) for name in block.schema.names}
            told.write_batch(pa.record_batch([pa.array(score(columns))], schema=answers))
            sys.stdout.buffer.flush()  # or nobody hears the answer


if __name__ == "__main__":
    main()
