"""A body cannot say more than the operation takes, and names nothing of another tenant."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.api.document import document, operations
from clearinghouse.cases.models import Case, Membership, Participant
from clearinghouse.intake.models import Report
from clearinghouse.journal.queries import verify
from tests.security import matrix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.security.matrix import Row
    from tests.security.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]
WRITES = [row for row in matrix.rows("operations") if row.body is not None]
# What the server alone decides.
OWNED = ("id", "key", "case", "public_id", "actor", "by", "at", "state", "embargo", "ends_at", "consent", "finder")


def test_every_body_of_the_document_takes_what_it_names_and_nothing_else() -> None:
    """A shape that is sent is closed, as is every shape within it; the matrix has a row for each that takes one."""
    taken = {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation["requestBody"]["content"]
        for path, method, operation in operations(document())
        if method != "get"
    }
    uploads = {call for call, content in taken.items() if "application/octet-stream" in content}
    assert uploads == {"POST /reports"}
    assert set(taken) - uploads == {row.call for row in WRITES}
    shapes = document()["components"]["schemas"]
    for call in set(taken) - uploads:
        assert set(taken[call]) == {"application/json"}, call
        for name in reached(taken[call]["application/json"]["schema"], shapes):
            assert "enum" in shapes[name] or shapes[name]["additionalProperties"] is False, (call, name)


def reached(schema: Any, shapes: Mapping[str, Any]) -> set[str]:
    """The names of the shapes that a schema refers to, and those they do."""
    names = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(schema)))
    return names.union(*(reached(shapes[name], shapes) for name in names)) if names else set()


@pytest.mark.parametrize("row", WRITES, ids=lambda row: row.call)
def test_a_member_that_the_server_owns_is_refused_in_every_body(found: World, row: Row) -> None:
    program, before = found.program("coordinator"), snapshot()
    body = json.loads(matrix.filled(found, json.dumps(row.body)))
    for name in OWNED:
        answer = program.post(matrix.filled(found, row.path), {**body, name: found.other.key})
        assert answer.status_code == 422, (name, answer.content)
        assert found.other.key not in answer.content.decode(), "what was sent is not said again"
    assert snapshot() == before


def test_no_post_takes_anything_more_from_its_query(found: World) -> None:
    before, program = snapshot(), found.program("coordinator")
    for row in [row for row in matrix.rows("operations") if row.method == "POST"]:
        body = b"# a report\n" if row.body is None else json.loads(matrix.filled(found, json.dumps(row.body)))
        answer = program.post(f"{matrix.filled(found, row.path)}?finder={found.other.key}", body)
        assert answer.status_code == 400, (row.call, answer.content)
    assert snapshot() == before


def test_nobody_acts_for_a_party_or_with_a_case_proof_or_report_of_another_tenant(found: World) -> None:
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
