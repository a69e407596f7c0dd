"""No word of a model review passes a judgement on a release: it measures, and says whose rule says what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.architecture.source import ROOT, text_files

if TYPE_CHECKING:
    from pathlib import Path

# Words of a verdict on a model or its release. A page may say that there is no such word: such lines say `no`, `not`,
# `never` or `nothing`, and are read by people.
VERDICTS = re.compile(
    r"\b(approv(?:ed|es|al)|block(?:ed|s)|clear(?:ed|ance) for|safe(?:ly)? (?:to|for) (?:release|deploy)|unsafe model"
    r"|passed (?:the |its )?review|failed (?:the |its )?review|certif(?:ied|ies|icate of)|licen[cs]ed for release)\b",
    re.IGNORECASE,
)
DENIALS = re.compile(r"\b(no|not|never|nothing|neither|nor|without|cannot)\b", re.IGNORECASE)
PLACES = (
    *("core/review/", "formats/review_", "formats/intoto_review", "formats/intoto_record", "reviews/", "evaluation/"),
    *("cli/review", "cli/suite", "api/review", "web/review", "templates/review"),
)
PAGES = (
    *("docs/guides/review-a-model.md", "docs/explanation/model-review.md", "docs/reference/model-review.md"),
    "docs/reference/cli-reviews.md",
)


def texts() -> list[tuple[Path, str]]:
    """Everything that a review says: its code with all its words, its templates, its pages of the docs."""
    found = []
    for path, text in text_files(".py", ".html", ".txt", ".md", ".toml"):
        name = str(path.relative_to(ROOT))
        package = name.removeprefix("src/clearinghouse/") if name.startswith("src/") else ""
        if name in PAGES or any(place in package for place in PLACES):
            found.append((path, text))
    return found


def test_no_word_of_a_review_means_approved_or_blocked() -> None:
    read = texts()
    assert len(read) > 20
    said = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path, text in read
        for number, line in enumerate(text.splitlines(), start=1)
        if VERDICTS.search(line) and not DENIALS.search(line)
    ]
    assert said == []


@pytest.mark.parametrize(
    "line", ["This model is approved.", "Release blocked", "It is safe to release", "passed the review", "certified"]
)
def test_such_a_word_would_be_seen(line: str) -> None:
    assert VERDICTS.search(line)
    assert not DENIALS.search(line)
