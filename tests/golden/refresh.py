"""Write the golden anew and say what moved.

    .venv/bin/python -m tests.golden.refresh          write
    .venv/bin/python -m tests.golden.refresh --dry    only say

Read the list before you commit it: each line is something that a user's figures would show too.
"""

from __future__ import annotations

import json
import sys

from tests.golden.making import FOLDER, documents, moved, written


def main(dry: bool) -> int:
    """Number of files that moved."""
    count = 0
    for name, document in documents().items():
        path = FOLDER / name
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        lines = list(moved(before, document))
        print(f"{name}: {len(lines)} figures moved" if lines else f"{name}: as it was")
        for line in lines:
            print(f"  {line}")
        if lines and not dry:
            path.write_text(written(document), encoding="utf-8")
        count += bool(lines)
    return count


if __name__ == "__main__":
    main(dry="--dry" in sys.argv[1:])
