"""What every verb on a case begins with: the case under a lock, for who may do that with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.cases.access import called, open_to, seen
from clearinghouse.core.errors import NotFound
from clearinghouse.core.visibility import Action, can

if TYPE_CHECKING:
    from clearinghouse.cases.models import Case
    from clearinghouse.core.visibility import Actor


def locked(name: str, action: Action, *, actor: Actor) -> Case:
    """The case of that name (see `access.called`), locked until the transaction ends.

    Raises NotFound when there is none and when the actor may not: it never learns which.
    """
    # What the actor may not is left out by the look-up itself: it costs the same queries as what is not there.
    case = open_to(actor, action).select_for_update().filter(called(name, actor)).first()
    if case is None or not can(actor, action, seen(case)):
        raise NotFound(f"no case {name}", advice="`clearinghouse case list` shows the cases")
    return case


def hold(name: str, *, actor: Actor) -> None:
    """Keep a case that the actor reads as it is until the caller's transaction ends; raises NotFound."""
    locked(name, Action.READ_CASE, actor=actor)
