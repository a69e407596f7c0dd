"""Read the journal as far as the actor may: a chain is as open as what it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db.models import Q

from clearinghouse.cases.access import called, open_to, proof_to, report_to, seen
from clearinghouse.cases.models import Case
from clearinghouse.core.visibility import Action, can
from clearinghouse.intake import queries as intake
from clearinghouse.intake.models import Report
from clearinghouse.journal import queries as journal
from clearinghouse.journal.services import SYSTEM
from clearinghouse.proofs import queries as proofs
from clearinghouse.proofs.models import Proof

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from clearinghouse.core.visibility import Actor, Brought, CaseFacts
    from clearinghouse.journal.queries import EntryView

_OF_REVIEWS = "review/"  # their bodies are for those who take part, whom the room `reviews` knows
_OF_THE_HOUSE = frozenset({SYSTEM, "registry"})  # about no case: what an auditor reads with the bodies


def entries(chain: str, *, actor: Actor) -> tuple[EntryView, ...]:
    """A chain from its first entry, without the bodies where only the metadata may be read; empty for none to see."""
    if chain in _OF_THE_HOUSE:
        return journal.entries(chain) if can(actor, Action.READ_SYSTEM_JOURNAL) else ()
    if chain.startswith(_OF_REVIEWS):
        return journal.entries(chain, bodies=False) if can(actor, Action.READ_SYSTEM_JOURNAL) else ()
    about = _about(chain, actor)
    bodies = can(actor, Action.READ_JOURNAL, about)
    if not bodies and not can(actor, Action.READ_JOURNAL_METADATA, about):
        return ()
    return journal.entries(chain, bodies=bodies)


def of_case(name: str, *, actor: Actor) -> tuple[EntryView, ...]:
    """`entries` of the case by that name; empty for none to see. Who reads journals of the house knows its numbers."""
    numbered = Q(public_id=name) if can(actor, Action.READ_SYSTEM_JOURNAL) else Q(pk=None)
    found = _cases(actor).filter(called(name, actor) | numbered).first()
    return entries(f"case/{found.public_id}", actor=actor) if found else ()


def latest(limit: int, *, actor: Actor) -> tuple[EntryView, ...]:
    """The newest entries over all chains, oldest of them first; for who reads the journal of the whole house."""
    if not can(actor, Action.READ_SYSTEM_JOURNAL):
        return ()
    found = journal.latest(limit, bodies=can(actor, Action.READ_JOURNAL))
    return tuple(replace(entry, body={}) if entry.chain.startswith(_OF_REVIEWS) else entry for entry in found)


def _about(chain: str, actor: Actor) -> CaseFacts | Brought | None:
    """What the chain is about; None when it is about nothing that a participant could have a part in."""
    kind, _, name = chain.partition("/")
    everything = can(actor, Action.READ_SYSTEM_JOURNAL)
    known = _as_owner(actor)
    if kind == "case" and (case := _cases(actor).filter(public_id=name).first()):
        return seen(case)
    if kind == "report":
        reports = Report.objects.all() if everything else intake.visible_to(known)
        report = reports.select_related("finder", "proof").filter(public_id=name).first()
        return report_to(actor, report) if report else None
    if kind == "proof":
        found = Proof.objects.all() if everything else proofs.visible_to(known)
        proof = found.filter(bundle_id=name).first()
        return proof_to(actor, proof) if proof else None
    return None


def _cases(actor: Actor) -> QuerySet[Case]:
    """The cases of which the actor may know that they are there: only among these is a journal looked for.

    So a chain that may not be seen costs the same queries as one that is not there.
    """
    return Case.objects.all() if can(actor, Action.READ_SYSTEM_JOURNAL) else open_to(_as_owner(actor), Action.READ_CASE)


def _as_owner(actor: Actor) -> Actor:
    """The token's owner: a token for journals alone need not read cases, and shows no more than the journal."""
    return replace(actor, scopes=None)
