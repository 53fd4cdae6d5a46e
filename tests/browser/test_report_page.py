"""The report in a browser: nothing runs over the edge, everything in a picture can be read, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Measure = Callable[[int, str], dict[str, Any]]
WIDTHS = (390, 768, 1280)

WIDE = """
  document.querySelectorAll('details').forEach(d => { if (OPEN) d.open = true; });
  const page = document.documentElement;
  const over = [...document.querySelectorAll('body *')].filter(e => {
    if (e.closest('.scroll') || e.closest('svg') || e.classList.contains('skip') || e.closest('thead')) return false;
    const box = e.getBoundingClientRect();
    return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
  });
  return { inner: innerWidth, scroll: page.scrollWidth, over: over.slice(0, 5).map(e => e.outerHTML.slice(0, 200)) };
"""

TEXT = """
  document.querySelectorAll('details').forEach(d => { d.open = true; });
  const out = [], small = [];
  let seen = 0;
  for (const figure of document.querySelectorAll('figure')) {
    const frame = figure.getBoundingClientRect();
    for (const text of figure.querySelectorAll('svg text')) {
      const box = text.getBoundingClientRect();
      if (!box.width) continue;
      seen += 1;
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1)
        out.push(figure.querySelector('figcaption').textContent + ': ' + text.textContent);
      const scale = text.ownerSVGElement.getBoundingClientRect().width / text.ownerSVGElement.viewBox.baseVal.width;
      if (parseFloat(getComputedStyle(text).fontSize) * scale < 8) small.push(text.textContent);
    }
  }
  return { seen, out: out.slice(0, 8), small: small.slice(0, 8) };
"""

PARTED = """
  document.querySelectorAll('details').forEach(d => { d.open = true; });
  const parted = [];
  let seen = 0;
  for (const cell of document.querySelectorAll('.number')) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const figure of texts.currentNode.data.matchAll(/[^ \\n]*\u00a0[^ \\n]*/g)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, figure.index);
        range.setEnd(texts.currentNode, figure.index + figure[0].length);
        seen += 1;
        if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) parted.push(figure[0]);
      }
    }
  }
  return { seen, parted: parted.slice(0, 8) };
"""

CONTRAST = """
  const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).slice(0, 3).map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05); };
  const rows = {};
  for (const badge of document.querySelectorAll('.ruling')) {
    const style = getComputedStyle(badge);
    rows[badge.className] = ratio(style.color, style.backgroundColor);
  }
  const card = getComputedStyle(document.querySelector('.card')).backgroundColor;
  for (const name of ['.why', '.eyebrow', 'h1', 'nav a', 'figure svg text'])
    rows[name] = ratio(getComputedStyle(document.querySelector(name))[name.endsWith('text') ? 'fill' : 'color'], card);
  return rows;
"""


@pytest.mark.parametrize("opened", [False, True], ids=["as it opens", "all details open"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_scrolls_sideways(measure: Measure, width: int, opened: bool) -> None:
    told = measure(width, WIDE.replace("OPEN", "true" if opened else "false"))
    assert told["inner"] == width
    assert told["over"] == []
    assert told["scroll"] <= width


@pytest.mark.parametrize("width", [390, 840, 1280])
def test_no_figure_is_parted_from_its_unit(measure: Measure, width: int) -> None:
    told = measure(width, PARTED)
    assert told["seen"] > 30
    assert told["parted"] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_every_word_of_a_picture_is_inside_it_and_large_enough(measure: Measure, width: int) -> None:
    told = measure(width, TEXT)
    assert told["seen"] > 100
    assert told["out"] == []
    assert told["small"] == []


def test_words_stand_out_from_their_ground(measure: Measure) -> None:
    """WCAG 2.1 asks for 4.5 for text."""
    told = measure(1280, CONTRAST)
    assert len(told) >= 7
    assert {name: ratio for name, ratio in told.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_drawn(
    browser: Callable[..., str], report: Path, tmp_path: Path, width: int, dark: bool
) -> None:
    from PIL import Image

    picture = tmp_path / "page.png"
    browser(report, width, 1600, picture=picture, dark=dark)
    with Image.open(picture) as image:
        assert image.size == (width, 1600)
        plain = image.convert("RGB")
        ground = plain.getpixel((2, 2))
        colours = plain.getcolors(maxcolors=1 << 24) or []
    assert isinstance(ground, tuple)
    assert (sum(ground) < 150) is dark
    assert len(colours) > 100, "an almost empty page"
    assert max(count for count, _ in colours) < 0.97 * width * 1600
