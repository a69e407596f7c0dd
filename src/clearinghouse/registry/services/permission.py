"""What every verb asks first: whether the actor may, by the rules of `core.permissions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.core.errors import Refused
from clearinghouse.core.permissions import may
from clearinghouse.journal import services as journal
from clearinghouse.registry.models import Person

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from clearinghouse.core.permissions import About, AccountAction
    from clearinghouse.core.visibility import Actor

CHAIN = "registry"  # the journal's chain of accounts; it never holds a secret or an e-mail address


def demand(actor: Actor, action: AccountAction, what: About | None = None) -> None:
    """Return if the actor may. Raises Refused otherwise."""
    if not may(actor, action, what):
        raise Refused(
            f"{actor.name} may not {action}", advice="an admin of the site or a manager of the organisation may"
        )


def note(kind: str, *, actor: Actor, at: datetime, body: Mapping[str, Any]) -> None:
    """Note a change of accounts in the journal, within its transaction."""
    journal.append(CHAIN, kind, actor=actor.name, at=at, body=body)


def person_of(actor: Actor) -> Person | None:
    """The person who acts; None at the machine."""
    return Person.objects.filter(party__key=actor.person).first() if actor.person else None
