"""Nobody finds by trying what it may not see: by ids, aliases, hashes, searches, totals, cursors, or the work done."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.roles import Tlp
from clearinghouse.registry.models import ApiToken
from tests.security import matrix
from tests.security.world import CANARIES

if TYPE_CHECKING:
    from clearinghouse.registry.models import Person
    from tests.security.matrix import Row
    from tests.security.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]
GRIDS = set(matrix.table()["grids"])
# Every address and operation that names something, out of the table that has a row for each there is.
NAMING = [
    row for part in ("pages", "operations") for row in matrix.rows(part) if row.shows in GRIDS and "{" in row.path
]


def asked(found: World, row: Row, viewer: str, *, unknown: bool) -> list[str]:
    """The database's work for one request, statement by statement without the values; nothing of it stays."""
    path = matrix.filled(found, row.path, unknown=unknown)
    with (
        CaptureQueriesContext(
            connection,
        ) as queries,
        transaction.atomic(),
    ):
        if row.body is not None:
            body = json.loads(matrix.filled(found, json.dumps(row.body), unknown=unknown))
            answer = found.program(viewer).post(path, body)
        elif " " in row.call:
            answer = found.program(viewer).get(path)
        else:
            answer = found.browser(viewer).get(path)
        transaction.set_rollback(True)
    assert answer.status_code == 404, (row.call, viewer, answer.status_code)
    return statements(queries)


def statements(queries: CaptureQueriesContext) -> list[str]:
    """What was sent to the database, without the values."""
    return [re.sub(r"'(?:[^']|'')*'|\b\d+\b|s\d+_x\d+", "?", query["sql"]) for query in queries.captured_queries]


@pytest.mark.parametrize("viewer", ["account", "tenant"])
def test_what_is_forbidden_costs_the_database_what_the_unknown_does(found: World, viewer: str) -> None:
    """Statement by statement: a clock would tell of the machine, the statements tell of the code."""
    found.put(embargo=Embargo.ACTIVE, tlp=Tlp.AMBER)
    compared = 0
    for row in NAMING:
        if matrix.cells(row.shows, viewer)[1] != "-" or row.shows in {"nobody", "own organisation"}:
            continue
        asked(found, row, viewer, unknown=True)  # what is read once and remembered
        assert asked(found, row, viewer, unknown=False) == asked(found, row, viewer, unknown=True), row.call
        compared += 1
    assert compared > 30


@pytest.mark.parametrize("viewer", ["account", "tenant"])
def test_a_form_for_what_is_another_s_costs_what_one_for_the_unknown_does(found: World, viewer: str) -> None:
    """Every page that takes only a form and names something: of a vendor, and of nobody; the answers are equal too."""
    client, owner = found.browser(viewer), found.people["vendor"]
    other = token_of(owner)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/account").content.decode())
    assert token is not None
    parts = {"key": other.key, "handle": "org-vendor", "member": owner.party.handle}
    forms = [row.path for row in matrix.rows("pages") if row.shows == "form" and "{" in row.path]
    assert len(forms) >= 4
    for path in forms:
        work, bodies = [], []
        for values in (dict.fromkeys(parts, "0" * 32), parts, dict.fromkeys(parts, "0" * 32)):
            with CaptureQueriesContext(connection) as queries, transaction.atomic():
                answer = client.post(path.format(**values), {"csrfmiddlewaretoken": token[1], "role": "member"})
                transaction.set_rollback(True)
            assert answer.status_code == 404, (path, viewer)
            work.append(statements(queries))
            bodies.append(re.sub(r"[0-9a-f]{32}|org-vendor|member-vendor", "?", answer.content.decode()))
        assert work[1] == work[2], (path, viewer)
        assert bodies[1] == bodies[2], (path, viewer)
    other.refresh_from_db()
    assert other.revoked_at is None


def token_of(owner: Person) -> ApiToken:
    """A token that works, of another person."""
    found = ApiToken.objects.filter(owner=owner.party).first()
    assert found is not None
    return found


def test_lists_totals_cursors_and_searches_are_the_same_with_and_without_what_one_may_not_see(found: World) -> None:
    """The tenant has one report and one case; another tenant's, known by every name, changes no answer."""
    found.put(embargo=Embargo.ACTIVE, tlp=Tlp.AMBER)
    tenant, pages = found.program("tenant"), found.browser("tenant")
    searches = [f"/cases?q={word}" for word in (*CANARIES.values(), found.case.key, found.case.public_id)]
    lists = ["/", "/cases", "/cases?page=2", "/reports", "/reports?state=attached", *searches]
    before = [pages.get(path).content for path in lists]
    for path in ("/cases?limit=1", "/reports?limit=1"):
        answer = tenant.get(path)
        assert len(answer.json()["items"]) == 1, path
        assert answer.json()["next"] is None, path
        assert "Link" not in answer.headers, path
    coordinators = found.program("coordinator").get("/cases?limit=1").json()["next"]
    foreign = [row["id"] for row in tenant.get(f"/cases?limit=1&cursor={coordinators}").json()["items"]]
    assert set(foreign) <= {found.other.key}
    with transaction.atomic():
        found.put(embargo=Embargo.NONE, tlp=Tlp.RED)
        found.case.title, found.case.package = "another title", "pkg:pypi/another"
        found.case.save()
        assert [pages.get(path).content for path in lists] == before
        transaction.set_rollback(True)
    found.case.refresh_from_db()


def test_whoever_leads_and_did_not_sign_writes_nothing_but_its_answer(found: World) -> None:
    found.put(embargo=Embargo.ACTIVE, tlp=Tlp.AMBER)
    owner = found.case.participants.filter(party__name="Org owner")
    for consent in (Consent.INVITED, Consent.DECLINED, Consent.LAPSED):
        owner.update(consent=consent)
        for row in matrix.rows("operations"):
            if row.shows in {"lead", "relabel", "take part", "status"}:
                asked(found, row, "owner", unknown=False)
