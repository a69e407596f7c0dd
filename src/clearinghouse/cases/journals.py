"""Read the journal as far as the actor may: a chain is as open as what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from clearinghouse.cases.access import proof_to, report_to, seen
from clearinghouse.cases.models import Case
from clearinghouse.cases.queries import called
from clearinghouse.core.visibility import Action, can
from clearinghouse.intake.models import Report
from clearinghouse.journal import queries as journal
from clearinghouse.journal.services import SYSTEM
from clearinghouse.proofs.models import Proof

if TYPE_CHECKING:
    from clearinghouse.core.visibility import Actor, Brought, CaseFacts
    from clearinghouse.journal.queries import EntryView

_OF_THE_HOUSE = frozenset({SYSTEM, "registry"})  # about no case: what an auditor reads with the bodies


def entries(chain: str, *, actor: Actor) -> tuple[EntryView, ...]:
    """A chain from its first entry, without the bodies where only the metadata may be read; empty for none to see."""
    if chain in _OF_THE_HOUSE:
        return journal.entries(chain) if can(actor, Action.READ_SYSTEM_JOURNAL) else ()
    about = _about(chain, actor)
    bodies = can(actor, Action.READ_JOURNAL, about)
    if not bodies and not can(actor, Action.READ_JOURNAL_METADATA, about):
        return ()
    return journal.entries(chain, bodies=bodies)


def of_case(name: str, *, actor: Actor) -> tuple[EntryView, ...]:
    """`entries` of the case by that name; empty for none to see. Who reads journals of the house knows its numbers."""
    numbered = Q(public_id=name) if can(actor, Action.READ_SYSTEM_JOURNAL) else Q(pk=None)
    found = Case.objects.filter(called(name, actor) | numbered).first()
    return entries(f"case/{found.public_id}", actor=actor) if found else ()


def latest(limit: int, *, actor: Actor) -> tuple[EntryView, ...]:
    """The newest entries over all chains, oldest of them first; for who reads the journal of the whole house."""
    if not can(actor, Action.READ_SYSTEM_JOURNAL):
        return ()
    return journal.latest(limit, bodies=can(actor, Action.READ_JOURNAL))


def _about(chain: str, actor: Actor) -> CaseFacts | Brought | None:
    """What the chain is about; None when it is about nothing that a participant could have a part in."""
    kind, _, name = chain.partition("/")
    if kind == "case" and (case := Case.objects.filter(public_id=name).first()):
        return seen(case)
    if kind == "report":
        report = Report.objects.select_related("finder", "proof").filter(public_id=name).first()
        return report_to(actor, report) if report else None
    if kind == "proof" and (proof := Proof.objects.filter(bundle_id=name).first()):
        return proof_to(actor, proof)
    return None
