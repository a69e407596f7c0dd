"""The rules of `core.visibility` as conditions on rows, so that a list holds just what its reader may see.

Nothing is decided here: each line is one of the pure rules, said in SQL. A case's conditions are spelt with the names
of the rooms above, which own the tables; `case` is the way from the row that is asked about to its case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F, Q

from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.roles import CaseRole, Scope, Tlp
from clearinghouse.core.visibility import ALL, RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clearinghouse.core.visibility import Action, Actor, Rule

EVERY_ROW = ~Q(pk__in=[])
NO_ROW = Q(pk__in=[])
_FREE = [embargo for embargo in Embargo if not embargo.in_force]
_LABELS = [label for label in Tlp if label is not Tlp.RED]


def where(
    actor: Actor,
    action: Action,
    *,
    case: str = "",
    origin: str = "",
    own: str = "",
    attached: Q | None = None,
    published: Q = EVERY_ROW,
) -> Q:
    """The rows with which `actor` may do `action`, for a single `filter()`; rows may come twice.

    `case` is the prefix of the case's fields ("" for cases themselves), `origin` the path to the case a proof was
    brought to, `own` the path to the party that brought the row, `attached` what makes the row part of its case, and
    `published` what says that it was when its case was published; cases themselves need not say that.
    Rules that ask for the whole case have no such condition: they are decided case by case.
    """
    rule = RULES[action]
    assert not rule.whole, f"{action} is decided case by case"
    asks = actor.within(rule.scope)
    if rule.anyone or asks.roles & rule.site:
        return EVERY_ROW
    let_out = _is(case, state="published") & published
    inside = _outsiders(asks, rule, case, let_out) | _participants(asks, rule, case, origin, let_out)
    found = inside if attached is None else attached & inside
    parties = actor.within(Scope.REPORTS_READ).parties
    return found | Q(**{f"{own}__key__in": parties}) if rule.own and own and parties else found


def _outsiders(actor: Actor, rule: Rule, case: str, published: Q) -> Q:
    found, free = NO_ROW, _is(case, embargo__in=_FREE)
    if rule.public:
        found |= free & published & _is(case, tlp=Tlp.CLEAR)
    if rule.account and actor.parties:
        found |= free & (published | ~_is(case, state="published")) & _is(case, tlp__in=[Tlp.CLEAR, Tlp.GREEN])
    return found


def _participants(actor: Actor, rule: Rule, case: str, origin: str, published: Q) -> Q:
    if not actor.parties:
        return NO_ROW
    seat = f"{case}participants__"
    found = _is(seat, party__key__in=actor.parties)
    if rule.content:
        signed = _is(seat, consent=Consent.SIGNATORY)
        if origin:
            signed &= _is(seat, covers=F(origin))
        found &= _is(case, embargo__in=_FREE) | signed
    in_person = _is(seat, named=True, party__key=actor.person) if actor.person else NO_ROW
    found &= _is(case, tlp__in=_LABELS) | in_person
    roles = _has_role(seat, rule.roles)
    return found & (roles | (published & _has_role(seat, rule.after)))


def _has_role(seat: str, roles: Iterable[CaseRole]) -> Q:
    """A participant with any of these roles; the words stand in a JSON list, in quotes."""
    wanted = frozenset(roles)
    if wanted == ALL:
        return EVERY_ROW
    found = NO_ROW
    for role in sorted(wanted):
        found |= _is(seat, roles__icontains=role.value)
    return found


def _is(prefix: str, **conditions: Any) -> Q:
    return Q(**{prefix + name: value for name, value in conditions.items()})
