"""Whether tasks for model reviews may be made of a case: read it, say it, take it back."""

from __future__ import annotations

from django.http import HttpRequest

from clearinghouse.api.case_inputs import NewReviewUse
from clearinghouse.api.case_schemas import ReviewAnswer, ReviewUsed, ReviewUseState
from clearinghouse.api.cases import as_read, checked, router
from clearinghouse.api.operations import Reply, actor_in, reads, writes
from clearinghouse.bootstrap import wiring
from clearinghouse.cases import services
from clearinghouse.cases.coordination import coordination
from clearinghouse.core.errors import NotFound
from clearinghouse.core.roles import Scope


@reads(router, "/cases/{case}/review-use", scope=Scope.CASES_READ, gives=ReviewUseState)
def get_review_use(request: HttpRequest, case: str) -> ReviewUseState:
    """Read what tasks made of a case may be shown to, who said what, and whose answer is missing."""
    found = coordination(checked(case), actor=actor_in(request))
    if found is None or not found.letters:
        raise NotFound("no case")
    known = found.review_use
    if known is None:
        return ReviewUseState(use=None, lacking=[], answers=[])
    answers = [ReviewAnswer.model_validate(one) for one in known.answers]
    return ReviewUseState(use=known.use, lacking=list(known.lacking), answers=answers)


@writes(router, "/cases/{case}/review-use", scope=Scope.CASES_WRITE, gives=ReviewUsed, current=as_read)
def answer_review_use(request: HttpRequest, case: str, sent: NewReviewUse) -> Reply:
    """Say what tasks made of a case may be shown to, or take it back with `no`.

    The clearinghouse and every vendor that takes part must say yes; anybody who reads the proof may say no. The
    narrowest answer holds. Once a case is public, nobody is asked.
    """
    use = services.answer_review_use(
        checked(case),
        sent.use,
        actor=actor_in(request),
        at=wiring.clock(),
        because=sent.because or "",
        party=sent.party,
    )
    return Reply(ReviewUsed(use=use), status=201)
