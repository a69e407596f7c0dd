"""The page on visibility says what the table in the code says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clearinghouse.core.visibility import ALL, RULES, Action
from tests.architecture.source import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clearinghouse.core.visibility import Rule

PAGE = ROOT / "docs" / "explanation" / "who-may-see-what.md"


def _words(roles: Iterable[str]) -> str:
    named = sorted(roles)
    return "all" if set(named) == set(ALL) else ", ".join(named)


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
    assert written == [_line(action, RULES[action]) for action in Action]
