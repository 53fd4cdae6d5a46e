"""How a picture is drawn: the palette, and a matplotlib figure as inline SVG that follows the page's theme.

Knows: matplotlib, colours, bytes that must repeat. Does not know: runs, clauses, metrics.

Every colour is a stand-in that becomes a CSS variable of the page, so that one picture serves light and dark. The
series' colours are those of Okabe and Ito (2008), told apart by most colour-blind readers; each series also has a
marker of its own, so that no meaning rests on colour.
"""

from __future__ import annotations

import html
import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID, GOOD, PAPER, EVENT = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
SERIES = ("#0a0101", "#0a0202", "#0a0303", "#0a0404", "#0a0505", "#0a0606")
MARKERS = ("o", "s", "^", "D", "v", "P")
SIGNS = ("●", "■", "▲", "◆", "▼", "✚")
"""The markers as text, for legends."""
RULINGS = {"PASS": "#0b0101", "FAIL": "#0b0202", "UNDECIDED": "#0b0303", "UNMEASURED": "#0b0404"}

VARIABLES = {
    INK: "ink", MUTED: "muted", GRID: "grid", GOOD: "good", PAPER: "card", EVENT: "event",
    **{stand_in: f"series-{place}" for place, stand_in in enumerate(SERIES)},
    **{stand_in: f"ruling-{ruling.lower()}" for ruling, stand_in in RULINGS.items()},
}  # fmt: skip

WIDTH = 5.0
"""Inches; 360 points. Drawn to be read at 340 pixels on a phone as well as at 520 on a desk."""

_STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 11.0,
    "axes.edgecolor": GRID,
    "axes.facecolor": "none",
    "axes.labelcolor": MUTED,
    "axes.linewidth": 1.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "figure.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "hatch.color": GRID,
    "hatch.linewidth": 1.0,
    "text.color": INK,
    "xtick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.color": GRID,
    "ytick.labelcolor": MUTED,
    "ytick.major.size": 0.0,
    "lines.solid_capstyle": "round",
}
_GROUP_ID = re.compile(r'<g id="[^"]*"')
_PREAMBLE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_UNWANTED = re.compile(r"<metadata>.*?</metadata>|<style\b.*?</style>|<defs>\s*</defs>", re.DOTALL)
_SIZE = re.compile(r' (?:width|height)="[0-9.]+pt"')
_COLOUR = re.compile("|".join(VARIABLES))


@contextmanager
def drawing() -> Iterator[None]:
    """Matplotlib's own defaults and our style, whatever the user's matplotlibrc says; restored afterwards."""
    import matplotlib

    log = logging.getLogger("matplotlib")
    level = log.level
    with matplotlib.rc_context(), warnings.catch_warnings():
        # A glyph that our font lacks is measured with a box; the reader's own font draws it.
        warnings.simplefilter("ignore", UserWarning)
        log.setLevel(logging.ERROR)
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)  # type: ignore[arg-type]
        yield
    log.setLevel(level)


def picture(name: str, label: str, height: float, draw: Callable[[Figure], None]) -> str:
    """One inline SVG, `WIDTH` by `height` inches. `name` salts the ids, so no two pictures of a page share one;
    `label` is what a screen reader says. Call within `drawing()`."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    matplotlib.rcParams["svg.hashsalt"] = f"windtunnel/{name}"
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasSVG(figure)
    draw(figure)
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    svg = _PREAMBLE.sub("", buffer.getvalue(), count=1)
    svg = _GROUP_ID.sub("<g", _UNWANTED.sub("", svg))
    svg = _COLOUR.sub(lambda found: f"var(--{VARIABLES[found[0]]})", svg)
    head, _, body = svg.partition(">")
    head = _SIZE.sub("", head) + f' role="img" aria-label="{html.escape(label)}"'
    return "\n".join(line.strip() for line in f"{head}>{body}".splitlines() if line.strip())


def panel(figure: Figure, *, left: float, right: float, top: float, bottom: float) -> Axes:
    """Axes with margins in inches: fixed, so that pictures side by side align."""
    width, height = (float(size) for size in figure.get_size_inches())
    box = (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    return figure.add_axes(box)


def shortened(name: str, size: int) -> str:
    """A name that fits: the middle is left out, since names differ at their ends."""
    flat = " ".join(name.split())
    if len(flat) <= size:
        return flat
    tail = size // 3
    return f"{flat[: size - tail - 1]}…{flat[-tail:]}"


def colour(place: int) -> str:
    """The colour of the series at a place; they repeat after the sixth, the markers with them."""
    return SERIES[place % len(SERIES)]


def marker(place: int) -> str:
    """The marker of the series at a place."""
    return MARKERS[place % len(MARKERS)]


def clear_ticks(axis: Any, most: int, label: Callable[[float], str]) -> None:
    """At most `most` round ticks, told by `label`."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: label(float(value))))
