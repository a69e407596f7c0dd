from __future__ import annotations

import re

from clearinghouse.web.funnel import HEIGHT, WIDTH, draw


def _points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+),([\d.]+)", path)]


def test_heights_are_to_the_scale_of_the_reports() -> None:
    drawing = draw(reports=40, proofs=30, runs=600, proven=20, cases=10, published=10)
    points = _points(drawing.path)
    upper, lower = points[: len(points) // 2], list(reversed(points[len(points) // 2 :]))
    heights = [round(b[1] - a[1], 1) for a, b in zip(upper, lower, strict=True)]
    assert heights == [HEIGHT, HEIGHT, HEIGHT / 2, HEIGHT / 2, HEIGHT / 4, HEIGHT / 4, HEIGHT / 4, HEIGHT / 4]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert [x for x, _ in upper] == sorted(x for x, _ in upper)


def test_runs_are_counted_but_have_no_height() -> None:
    with_few, with_many = (draw(reports=4, proofs=3, runs=n, proven=2, cases=1, published=0) for n in (1, 100_000))
    assert with_few.path == with_many.path
    assert [stage.figure for stage in with_many.stages] == ["4", "100,000", "2", "1", "0"]
    assert with_many.stages[1].share is None


def test_a_stage_that_holds_anything_can_be_seen_and_an_empty_one_has_no_height() -> None:
    points = _points(draw(reports=10_000, proofs=1, runs=9, proven=1, cases=1, published=0).path)
    heights = {round(a[1] - b[1], 1) for a, b in zip(points, reversed(points), strict=True)}
    assert {4.0, 0.0} <= {abs(height) for height in heights}


def test_without_reports_there_is_nothing_to_draw_and_the_words_still_say_so() -> None:
    drawing = draw(reports=0, proofs=0, runs=0, proven=0, cases=0, published=0)
    assert drawing.path == ""
    assert drawing.summary == "From reports to publication: 0 reports, 0 runs, 0 proven, 0 cases, 0 published."
