"""A case's priority from its proofs, its finders and what people stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.core.priority import Fact, Priority, evaluate, facts_from_proofs, order_within_class
from clearinghouse.core.protocol.collisions import raised_by_collision
from clearinghouse.proofs.queries import proven_fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clearinghouse.cases.models import CaseFact
    from clearinghouse.proofs.models import Proof


def priority_of(proofs: Sequence[Proof], finders: int, stated: Iterable[CaseFact], collided: int = 0) -> Priority:
    """The priority with its reasons; what a person stated goes before what the proofs suggest.

    `collided` independent finders met while an embargo was in force: two or more raise it by one step.
    """
    proven = [proven_fact(proof) for proof in proofs]
    facts = {fact.name: fact for fact in facts_from_proofs(proven)}
    facts |= {fact.name: Fact(fact.name, fact.value, fact.source, fact.evidence) for fact in stated}
    return raised_by_collision(evaluate(facts.values(), order_within_class(proven, finders)), collided)
