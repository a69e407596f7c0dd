"""Template filters: how values look on a page. Every one returns text, never markup."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from django import template

from clearinghouse.web import words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from clearinghouse.core.ssvc import Decision

register = template.Library()

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_GHSA = re.compile(r"GHSA(-[0-9a-z]{4}){3}")
_TONES = {
    "act": "act", "attend": "attend", "track*": "watch", "track": "calm",
    "proven": "good", "reproduced": "good", "attached": "good", "published": "good", "same": "good",
    "differs": "watch", "proving": "watch", "parked": "watch", "inconclusive": "watch", "needs_human": "watch",
    "flaky": "watch", "fix_ineffective": "watch", "undecided": "watch", "parent_child": "watch",
    "returned": "bad", "not_reproduced": "bad", "wrong_signal": "bad", "control_failed": "bad", "invalid": "bad",
    "different": "bad", "fired": "fired", "silent": "silent", "broken": "watch",
    "decides": "good", "supports": "good", "contradicts": "bad", "nominates": "calm", "missing": "watch",
}  # fmt: skip


@register.filter
def tone(word: object) -> str:
    """The CSS class of a state, verdict or strength; "calm" for what has none of its own."""
    return _TONES.get(str(word), "calm")


@register.filter
def urgency(reachable: tuple[Decision, ...]) -> str:
    """The CSS class of a priority: that of its worst reachable decision."""
    return tone(reachable[-1])


@register.filter
def say(word: object) -> str:
    """A stored word as people read it."""
    return words.plain_word(str(word))


@register.filter
def variant(name: Any) -> str:
    """Which build of the target a run saw."""
    return words.VARIANTS.get(name, words.plain_word(str(name)))


@register.filter
def flowing(text: str) -> str:
    """Text without the line breaks that only kept its lines short."""
    return words.flowing(text)


@register.filter
def meaning(verdict: Any) -> str:
    """What a verdict means, in a sentence."""
    return words.VERDICTS[verdict][0] if verdict in words.VERDICTS else ""


@register.filter
def effect(oracle: str) -> str:
    """What it means that an oracle fired."""
    return words.ORACLES.get(oracle, "")


@register.filter
def input_name(name: str) -> str:
    """An input of the priority by its name in the decision table."""
    return words.INPUTS.get(name, name)


@register.filter
def short(digest: str) -> str:
    """The first 12 digits of a digest."""
    return digest[:12]


@register.filter
def of(mapping: Mapping[str, str], key: str) -> str:
    """`key` looked up in a mapping of texts, or the key itself."""
    return mapping.get(key, key)


@register.filter
def instant(at: datetime | None) -> str:
    """An instant for people, in UTC: 2026-11-23 12:05."""
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


@register.filter
def machine(at: datetime | None) -> str:
    """An instant for the datetime attribute."""
    return at.isoformat().replace("+00:00", "Z") if at else ""


@register.filter
def duration(milliseconds: int) -> str:
    """A time with a unit that fits: 85 ms, 1.25 s."""
    return f"{milliseconds:,} ms" if milliseconds < 1000 else f"{milliseconds / 1000:,.2f} s"  # noqa: PLR2004


@register.filter
def mebibytes(kib: int | None) -> str:
    """An amount of memory, or a dash where the host cannot tell."""
    return "–" if kib is None else f"{kib / 1024:,.0f} MiB"


@register.filter
def figure(count: int) -> str:
    """A count with thousands marked."""
    return f"{count:,}"


@register.filter
def plural(count: int, word: str) -> str:
    """A count with its noun: 1 report, 2 reports."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


@register.filter
def pretty(value: Any) -> str:
    """A JSON value as indented text."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def address(alias: str) -> str:
    """Where a CVE or GHSA id is described, or nothing for any other text."""
    if _CVE.fullmatch(alias):
        return f"https://www.cve.org/CVERecord?id={alias}"
    if _GHSA.fullmatch(alias):
        return f"https://github.com/advisories/{alias}"
    return ""
