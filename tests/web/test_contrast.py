"""The colours of the style sheet hold WCAG 2.2 AA: 4.5 to 1 for text, 3 to 1 for what only has a shape."""

from __future__ import annotations

import re
from importlib import resources

import pytest

CSS = resources.files("clearinghouse.web").joinpath("static", "clearinghouse.css").read_text()
TEXT = [
    *[(ink, ground) for ink in ("ink", "quiet", "link", "accent") for ground in ("paper", "sheet")],
    *[(f"{tone}-ink", tone) for tone in ("good", "bad", "watch", "calm", "attend", "act")],
    *[(f"{tone}-ink", ground) for tone in ("good", "bad", "watch", "calm") for ground in ("paper", "sheet")],
    ("ink", "calm"),
    ("ink", "watch"),
]
SHAPES = [("focus", "paper"), ("focus", "sheet"), ("flow", "sheet")]


def colours(scheme: str) -> dict[str, tuple[int, int, int]]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", dark))
    long = {
        name: value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:]) for name, value in found.items()
    }
    return {name: (int(v[1:3], 16), int(v[3:5], 16), int(v[5:7], 16)) for name, v in long.items()}


def luminance(colour: tuple[int, int, int]) -> float:
    parts = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: tuple[int, int, int], b: tuple[int, int, int]) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_every_ground_it_stands_on(scheme: str) -> None:
    known = colours(scheme)
    poor = [(a, b, round(contrast(known[a], known[b]), 2)) for a, b in TEXT if contrast(known[a], known[b]) < 4.5]
    assert poor == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shapes_can_be_told_from_their_ground(scheme: str) -> None:
    known = colours(scheme)
    poor = [(a, b, round(contrast(known[a], known[b]), 2)) for a, b in SHAPES if contrast(known[a], known[b]) < 3]
    assert poor == []


def test_every_colour_of_the_light_scheme_has_one_in_the_dark() -> None:
    light, dark = (
        set(re.findall(r"--([a-z-]+): #", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    )
    assert light == dark
