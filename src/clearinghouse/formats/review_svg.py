"""The figures of a report as drawings: SVG that needs no script, says in words what it shows, and scales with the page.

Colours are classes of the page's style, so that they follow light and dark; nothing is told by colour alone.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clearinghouse.core.review.figures import Figures

_WIDTH = 640
_LEFT, _RIGHT = 190, 70  # room for the agents' names, and for a number behind a row
_ROW = 30
_LONGEST_NAME = 26
_DASHES = ("", "6 4", "2 3", "9 3 2 3", "12 4", "4 2 1 2")


def _x(value: float) -> float:
    return round(_LEFT + value * (_WIDTH - _LEFT - _RIGHT), 1)


def _drawing(height: int, words: str, parts: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(words)}">'
        f"<title>{escape(words)}</title>{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _name(agent: str) -> str:
    return agent if len(agent) <= _LONGEST_NAME else f"{agent[: _LONGEST_NAME - 1]}…"


def _axis(bottom: float) -> Iterable[str]:
    for tenth in range(0, 11, 2):
        x = _x(tenth / 10)
        yield f'<line x1="{x}" x2="{x}" y1="4" y2="{bottom}" class="grid"/>'
        yield _text(x, bottom + 16, f"{tenth * 10} %", "faint", "middle")


def percent(value: float | None) -> str:
    """A share as people read it; a dash where there is none."""
    return "–" if value is None else f"{100 * value:.1f} %"


def intervals(rows: Sequence[Figures]) -> str:
    """pass@1 of each agent in a family, a dot on the line of its interval."""
    bottom = 8 + _ROW * len(rows)
    parts = list(_axis(bottom))
    for number, one in enumerate(rows):
        y = 8 + _ROW * number + _ROW / 2
        parts.append(_text(_LEFT - 10, y + 4, _name(one.agent), "", "end"))
        rate = one.pass_at_1
        if rate is None:
            parts.append(_text(_LEFT + 6, y + 4, "not reportable" if one.trouble else "nothing judged", "faint"))
            continue
        if rate.low is not None and rate.high is not None:
            low, high = _x(rate.low), _x(rate.high)
            parts.append(f'<line x1="{low}" x2="{high}" y1="{y}" y2="{y}" class="interval"/>')
            parts += [f'<line x1="{x}" x2="{x}" y1="{y - 5}" y2="{y + 5}" class="interval"/>' for x in (low, high)]
        parts.append(f'<circle cx="{_x(rate.value)}" cy="{y}" r="5" class="dot"/>')
        parts.append(_text(_WIDTH - 4, y + 4, percent(rate.value), "", "end"))
    words = "; ".join(f"{one.agent} {_said(one)}" for one in rows)
    return _drawing(bottom + 24, f"pass at 1 with 95 percent intervals: {words}", parts)


def _said(one: Figures) -> str:
    rate = one.pass_at_1
    if rate is None:
        return one.trouble or "nothing judged"
    return f"{percent(rate.value)}, from {percent(rate.low)} to {percent(rate.high)}"


def outcomes(rows: Sequence[Figures]) -> str:
    """Of all samples of each agent: passed, failed, without a verdict; each part with its number in it."""
    bottom = 8 + _ROW * len(rows)
    parts = []
    for number, one in enumerate(rows):
        y, done = 8 + _ROW * number, 0
        parts.append(_text(_LEFT - 10, y + _ROW / 2 + 4, _name(one.agent), "", "end"))
        for kind, letter, count in (("pass", "P", one.passes), ("fail", "F", one.fails), ("none", "N", one.no_verdict)):
            start, end = _x(done / one.samples), _x((done + count) / one.samples)
            done += count
            if count:
                width = round(end - start, 1)
                parts.append(f'<rect x="{start}" y="{y + 4}" width="{width}" height="{_ROW - 8}" class="{kind}"/>')
                if width > len(f"{letter} {count}") * 9:
                    parts.append(
                        _text((start + end) / 2, y + _ROW / 2 + 4, f"{letter} {count}", f"on-{kind}", "middle")
                    )
        parts.append(_text(_WIDTH - 4, y + _ROW / 2 + 4, f"of {one.samples}", "faint", "end"))
    words = "; ".join(
        f"{one.agent}: {one.passes} passed, {one.fails} failed, {one.no_verdict} without a verdict" for one in rows
    )
    return _drawing(bottom + 4, f"outcomes of samples: {words}", parts)


def curves(rows: Sequence[Figures]) -> str:
    """pass@1 by the part of the token budget, a line for each agent that has one, with its name at the end."""
    shown = [one for one in rows if one.curve]
    top, bottom = 10, 190
    parts = []
    for tenth in range(0, 11, 2):
        y = bottom - tenth / 10 * (bottom - top)
        parts.append(f'<line x1="60" x2="430" y1="{y}" y2="{y}" class="grid"/>')
        parts.append(_text(52, y + 4, f"{tenth * 10} %", "faint", "end"))
    places = {0.1: 90.0, 0.3: 245.0, 1.0: 410.0}
    parts += [_text(x, bottom + 18, f"{share:.0%} of tokens", "faint", "middle") for share, x in places.items()]
    ends: list[float] = []
    for number, one in enumerate(shown):
        line = [(places[point.share], bottom - point.value * (bottom - top)) for point in one.curve]
        path = " ".join(f"{x},{y:.1f}" for x, y in line)
        dash = _DASHES[number % len(_DASHES)]
        parts.append(f'<polyline points="{path}" class="curve c{number % 3}" stroke-dasharray="{dash}"/>')
        parts += [f'<circle cx="{x}" cy="{y:.1f}" r="3.5" class="dot"/>' for x, y in line]
        end = line[-1][1]
        while any(abs(end - other) < 15 for other in ends):  # noqa: PLR2004  # a line of text is so high
            end += 15
        ends.append(end)
        parts.append(_text(440, end + 4, _name(one.agent)))
    words = "; ".join(
        f"{one.agent} " + ", ".join(f"{percent(p.value)} at {p.share:.0%}" for p in one.curve) for one in shown
    )
    height = int(max([bottom + 26, *(end + 12 for end in ends)]))
    return _drawing(height, f"pass at 1 by part of the token budget: {words}", parts)
