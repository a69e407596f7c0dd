"""Decisions of people about which proofs are one bug: merge two cases, split one."""

from __future__ import annotations

from django.http import HttpRequest

from clearinghouse.api.case_inputs import NewMerge, NewSplit
from clearinghouse.api.case_schemas import Rearranged
from clearinghouse.api.cases import as_read, checked, router
from clearinghouse.api.operations import Reply, actor_in, writes
from clearinghouse.bootstrap import wiring
from clearinghouse.cases import services
from clearinghouse.core.roles import Scope


@writes(router, "/cases/{case}/merge", scope=Scope.CASES_WRITE, gives=Rearranged, current=as_read)
def merge_case(request: HttpRequest, case: str, sent: NewMerge) -> Reply:
    """Decide that this case is the same bug as another, which has everything then.

    The earlier end and the stricter label hold; who signed one side is not shown the other before signing again.
    """
    into = services.merge_cases(
        checked(case), checked(sent.into), because=sent.because, actor=actor_in(request), at=wiring.clock()
    )
    return Reply(Rearranged(case=into), status=201)


@writes(router, "/cases/{case}/split", scope=Scope.CASES_WRITE, gives=Rearranged, current=as_read)
def split_case(request: HttpRequest, case: str, sent: NewSplit) -> Reply:
    """Decide that some proofs of a case are another bug; they get a case that inherits label, embargo and consents."""
    apart = services.split_case(
        checked(case), sent.bundles, because=sent.because, actor=actor_in(request), at=wiring.clock()
    )
    return Reply(Rearranged(case=apart), status=201)
