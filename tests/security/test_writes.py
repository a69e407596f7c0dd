"""A body cannot say more than the operation takes, and names nothing of another tenant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from clearinghouse.cases.models import Case, Membership, Participant
from clearinghouse.intake.models import Report
from clearinghouse.journal.queries import verify
from tests.security import matrix
from tests.security.world import world

if TYPE_CHECKING:
    from tests.security.matrix import Row

pytestmark = pytest.mark.django_db
WRITES = [row for row in matrix.rows("operations") if row.body is not None]
# What the server alone decides.
OWNED = ("id", "key", "case", "public_id", "actor", "by", "at", "state", "embargo", "ends_at", "consent", "finder")


@pytest.mark.parametrize("row", WRITES, ids=lambda row: row.call)
def test_a_member_that_the_server_owns_is_refused_in_every_body(row: Row) -> None:
    found = world()
    program = found.program("coordinator")
    for name in OWNED:
        body = json.loads(matrix.filled(found, json.dumps(row.body)))
        answer = program.post(matrix.filled(found, row.path), {**body, name: found.other.key})
        assert answer.status_code == 422, (name, answer.content)


def test_nobody_acts_for_a_party_or_with_a_case_proof_or_report_of_another_tenant() -> None:
    found = world()
    tenant = found.program("tenant")
    foreign = found.people["vendor"].party.key
    before = snapshot()
    tries = [
        ("/reports?party=" + foreign, b"# a report in somebody's name\n"),
        (f"/cases/{found.case.key}/consent", {"yes": True}),
        (f"/cases/{found.other.key}/leave", {"party": foreign}),
        (f"/cases/{found.other.key}/embargo/proposals/{found.proposal}/answers", {"yes": True}),
        (f"/cases/{found.other.key}/messages", {"text": "hello", "party": foreign}),
        (f"/cases/{found.other.key}/merge", {"into": found.case.key, "because": "mine"}),
        (f"/cases/{found.other.key}/split", {"bundles": [found.proof.bundle_id], "because": "mine"}),
        (f"/cases/{found.case.public_id}/messages", {"text": "by its number"}),
    ]
    for path, body in tries:
        answer = tenant.post(path, body)
        assert answer.status_code in {404, 422}, (path, answer.status_code)
        assert found.case.title.encode() not in answer.content, path
    assert snapshot() == before
    assert verify().broken is None


def snapshot() -> tuple[object, ...]:
    return (
        list(Case.objects.order_by("pk").values_list("pk", "state", "merged_into")),
        list(Membership.objects.order_by("pk").values_list("pk", "case", "proof")),
        list(Participant.objects.order_by("pk").values_list("pk", "case", "party", "consent")),
        Report.objects.count(),
    )
