"""The page on visibility says what the table in the code says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clearinghouse.core.review.seats import ReviewRole
from clearinghouse.core.visibility import ALL, OF_CASES, OF_REVIEWS, RULES, Action
from tests.architecture.source import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clearinghouse.core.visibility import Rule

PAGE = ROOT / "docs" / "explanation" / "who-may-see-what.md"


def _words(roles: Iterable[str]) -> str:
    named = sorted(roles)
    return "all" if set(named) == set(ALL) else ", ".join(named)


def _seats(rule: Rule) -> str:
    parts = [", ".join(sorted(rule.review)) if rule.review != frozenset(ReviewRole) else "all"]
    parts += [f"{', '.join(sorted(rule.shared))} once shared"] if rule.shared else []
    parts += ["all once final"] if rule.final == frozenset(ReviewRole) else []
    return "; ".join(part for part in parts if part)


def _review_line(action: Action, rule: Rule) -> tuple[str, ...]:
    return (f"`{action}`", _words(rule.site), _seats(rule))


def _line(action: Action, rule: Rule) -> tuple[str, ...]:
    taking_part = _words(rule.roles) + ("; all once published" if rule.after == ALL else "")
    besides = {
        "anyone": rule.anyone,
        "own": rule.own,
        "published CLEAR: everybody": rule.public,
        "GREEN: signed in": rule.account,
        "before a signature too": bool(rule.roles) and not rule.content,
        "signature for the whole case": rule.whole,
    }
    return (f"`{action}`", _words(rule.site), taking_part, "; ".join(word for word, holds in besides.items() if holds))


def test_the_page_on_visibility_has_the_very_table_of_the_code() -> None:
    rows = re.findall(r"^\| (`[a-z ]+`) \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    written = [(name, *(cell.strip() for cell in cells.split("|"))) for name, cells in rows]
    assert [row for row in written if len(row) == 4] == [_line(one, RULES[one]) for one in Action if one in OF_CASES]
    assert [row for row in written if len(row) == 3] == [
        _review_line(one, RULES[one]) for one in Action if one in OF_REVIEWS
    ]
