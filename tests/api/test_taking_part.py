"""A case under an embargo, over the API: each party is a program of its own with its own token."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearinghouse.adapters.clock import now
from clearinghouse.cases.models import Case, EmbargoProposal
from clearinghouse.core.roles import Scope, SiteRole
from tests.api.factories import Program, lab, person, token
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug
from tests.web.factories import CASE, house

pytestmark = pytest.mark.django_db


def coordinator() -> Program:
    return Program(token(person("Coordinator", SiteRole.COORDINATOR).party))


def one_case(finder: str = "Lab One") -> str:
    """The key of a case that was just opened for that finder's report."""
    clearing = house(alpha=Bug("gizmo.core:load"))
    clearing.clock.at = now()
    clearing.send(Sketch("alpha"), finder=finder)
    clearing.work()
    return Case.objects.get().key


def under_embargo(chief: Program) -> None:
    proposal = chief.post(f"/cases/{CASE}/embargo/proposals", {"preset": "45"})
    assert proposal.status_code == 201, proposal.content
    decided = chief.post(f"/cases/{CASE}/embargo/decisions", {"accept": True, "proposal": proposal.json()["proposal"]})
    assert decided.json() == {"state": "active"}, decided.content


def invite(chief: Program, handle: str, *roles: str) -> None:
    answer = chief.post(f"/cases/{CASE}/participants", {"party": handle, "roles": list(roles or ["vendor"])})
    assert answer.status_code == 201, answer.content


def test_who_was_invited_reads_the_terms_signs_and_then_reads_the_case() -> None:
    finder, vendor, chief = lab("Lab One"), lab("Vendor One"), coordinator()
    key = one_case()
    under_embargo(chief)
    invite(chief, "vendor-one")
    assert vendor.get("/cases").json()["items"] == []
    assert vendor.get(f"/cases/{key}").status_code == 404
    (invitation,) = vendor.get("/invitations").json()["items"]
    assert invitation["case"] == key
    assert invitation["rsvp_by"]
    terms = vendor.get(f"/cases/{key}/embargo").json()
    assert terms["words"] == "45 days after the report"
    assert terms["ends_at"].endswith("Z")
    assert vendor.post(f"/cases/{key}/consent", {"yes": True}).json()["consent"] == "signatory"
    assert vendor.get(f"/cases/{key}").json()["package"] == "pkg:pypi/gizmo"
    assert vendor.get("/invitations").json()["items"] == []
    handles = {one["handle"] for one in finder.get(f"/cases/{key}/participants").json()["items"]}
    assert handles == {"lab-one", "vendor-one"}


def test_who_declines_loses_the_case_at_once_and_who_leaves_the_invitation_too() -> None:
    vendor, chief = lab("Vendor One"), coordinator()
    key = one_case()
    under_embargo(chief)
    invite(chief, "vendor-one")
    vendor.post(f"/cases/{key}/consent", {"yes": True})
    assert vendor.get(f"/cases/{key}").status_code == 200
    vendor.post(f"/cases/{key}/consent", {"yes": False})
    unknown = vendor.get(f"/cases/{'0' * 32}")
    assert vendor.get(f"/cases/{key}").content == unknown.content
    assert vendor.get(f"/cases/{key}/embargo").status_code == 200
    assert vendor.post(f"/cases/{key}/leave", {}).status_code == 201
    assert vendor.get(f"/cases/{key}/embargo").content == unknown.content
    assert vendor.post(f"/cases/{key}/consent", {"yes": True}).content == unknown.content


WRITES = {
    "/participants": {"party": "lab-two", "roles": ["observer"]},
    "/participants/lab-one/roles": {"roles": ["owner"]},
    "/participants/lab-one/naming": {"named": True},
    "/label": {"tlp": "GREEN", "because": "why not"},
    "/consent": {"yes": True},
    "/leave": {},
    "/assessments": {"name": "exploitation", "value": "active", "because": "seen"},
    "/embargo/proposals": {"preset": "45"},
    f"/embargo/proposals/{'0' * 32}/answers": {"yes": True},
    "/embargo/decisions": {"accept": True},
    "/embargo/none": {"because": "why not"},
    "/embargo/end": {"because": "why not"},
}


@pytest.mark.parametrize("part", WRITES)
def test_who_takes_no_part_changes_nothing_and_learns_nothing(part: str) -> None:
    other, chief = lab("Lab Two"), coordinator()
    key = one_case()
    under_embargo(chief)
    unknown = other.post(f"/cases/{'0' * 32}{part}", WRITES[part])
    assert unknown.status_code == 404
    for name in (key, CASE):
        foreign = other.post(f"/cases/{name}{part}", WRITES[part])
        assert (foreign.status_code, foreign.content) == (404, unknown.content)
        assert foreign.headers == unknown.headers
    assert Case.objects.get().tlp == "AMBER"
    assert Case.objects.get().participants.count() == 1


@pytest.mark.parametrize("part", WRITES)
def test_a_token_that_only_reads_changes_nothing(part: str) -> None:
    reader = Program(token(person("Coordinator", SiteRole.COORDINATOR).party, Scope.CASES_READ, Scope.REPORTS_READ))
    one_case()
    assert reader.post(f"/cases/{CASE}{part}", WRITES[part]).status_code == 403


@pytest.mark.parametrize("part", WRITES)
def test_members_that_are_not_known_are_refused(part: str) -> None:
    answer = coordinator().post(f"/cases/{CASE}{part}", {**WRITES[part], "state": "published"})
    assert answer.status_code == 422
    assert answer.json()["fields"][-1]["at"] == "body.state"


@pytest.mark.parametrize("part", WRITES)
def test_a_post_without_a_key_is_refused(part: str) -> None:
    answer = coordinator().post(f"/cases/{CASE}{part}", WRITES[part], key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "key-missing")


def test_a_repeated_proposal_is_one_proposal() -> None:
    chief = coordinator()
    one_case()
    answers = [chief.post(f"/cases/{CASE}/embargo/proposals", {"preset": "45"}, key="the-same-key") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert EmbargoProposal.objects.count() == 1


def test_terms_of_ones_own_have_an_anchor_and_an_end() -> None:
    chief = coordinator()
    one_case()
    until = (now() + timedelta(days=20)).isoformat()
    path = f"/cases/{CASE}/embargo/proposals"
    assert chief.post(path, {"terms": {"anchor": "date", "until": until}}).status_code == 201
    assert chief.post(path, {"terms": {"anchor": "fix ready", "days": 7}}).status_code == 201
    proposals = chief.get(f"/cases/{CASE}/embargo").json()["proposals"]
    assert {one["by"] for one in proposals} == {"clearinghouse"}
    assert [one["turn"] for one in proposals] == [True, False]
    assert "after a fix is ready" in proposals[1]["words"]
    for wrong in (
        {},
        {"preset": "45", "terms": {"anchor": "report", "days": 1}},
        {"preset": "46"},
        {"terms": {"anchor": "date"}},
        {"terms": {"anchor": "date", "until": "2099-01-01"}},
        {"terms": {"anchor": "date", "until": 4070908800}},
        {"terms": {"anchor": "date", "until": "2099-01-01T00:00"}},
        {"terms": {"anchor": "report", "days": "7"}},
        {"terms": {"anchor": "report", "days": 10**9}},
        {"preset": "45", "because": "a\x00b"},
        {"preset": "45", "because": "x" * 2001},
        {"preset": "45", "because": "\ud800"},
    ):
        assert chief.post(path, wrong).status_code == 422, wrong


def test_a_change_of_what_was_not_read_last_is_refused() -> None:
    chief = coordinator()
    one_case()
    read = chief.get(f"/cases/{CASE}").headers["ETag"]
    label = {"tlp": "GREEN", "because": "it may go further"}
    assert chief.post(f"/cases/{CASE}/label", label, **{"If-Match": '"other"'}).status_code == 412
    assert Case.objects.get().tlp == "AMBER"
    assert chief.post(f"/cases/{CASE}/label", label, **{"If-Match": read}).status_code == 201
    assert Case.objects.get().tlp == "GREEN"
    stale = chief.post(f"/cases/{CASE}/label", {**label, "tlp": "AMBER"}, **{"If-Match": read})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition-failed")
    assert chief.post(f"/cases/{CASE}/label", {**label, "tlp": "AMBER"}, **{"If-Match": "*"}).status_code == 201


def test_if_match_tells_nothing_of_a_case_that_one_does_not_read() -> None:
    other = lab("Lab Two")
    key = one_case()
    label = {"tlp": "GREEN", "because": "it may go further"}
    foreign = other.post(f"/cases/{key}/label", label, **{"If-Match": '"x"'})
    assert foreign.content == other.post(f"/cases/{'0' * 32}/label", label, **{"If-Match": '"x"'}).content


def test_a_statement_moves_the_priority() -> None:
    chief = coordinator()
    one_case()
    stated = {"name": "exploitation", "value": "active", "because": "seen in the wild"}
    assert chief.post(f"/cases/{CASE}/assessments", stated).json()["label"]
    facts = chief.get(f"/cases/{CASE}").json()["priority"]["facts"]
    assert {fact["name"]: fact["value"] for fact in facts}["exploitation"] == "active"
    assert chief.post(f"/cases/{CASE}/assessments", {**stated, "value": "maybe"}).status_code == 422


def test_a_finder_answers_proposed_terms_and_decides_nothing() -> None:
    finder, chief = lab("Lab One"), coordinator()
    key = one_case()
    proposal = chief.post(f"/cases/{CASE}/embargo/proposals", {"preset": "45"}).json()["proposal"]
    answers = f"/embargo/proposals/{proposal}/answers"
    nobodys = chief.post(f"/cases/{key}{answers}", {"yes": True})
    assert nobodys.status_code == 422
    assert "name the participant" in nobodys.json()["advice"]
    assert lab("Lab Nine").post(f"/cases/{key}{answers}", {"yes": True}).status_code == 404
    assert finder.post(f"/cases/{key}{answers}", {"yes": True}).status_code == 201
    assert finder.post(f"/cases/{key}/embargo/decisions", {"accept": True}).status_code == 404
    (shown,) = chief.get(f"/cases/{CASE}/embargo").json()["proposals"]
    assert (shown["yes"], shown["no"]) == (["lab-one"], [])


def test_roles_and_names_of_participants_change() -> None:
    vendor, chief = lab("Vendor One"), coordinator()
    key = one_case()
    invite(chief, "vendor-one", "observer")
    base = f"/cases/{CASE}/participants/vendor-one"
    assert chief.post(f"{base}/roles", {"roles": ["vendor", "deployer"]}).status_code == 201
    assert chief.post(f"{base}/naming", {"named": True}).status_code == 201
    same = chief.get(f"/cases/{CASE}").headers["ETag"]
    assert chief.post(f"{base}/naming", {"named": True}, **{"If-Match": same}).status_code == 201
    (own,) = [one for one in vendor.get(f"/cases/{key}/participants").json()["items"] if one["handle"] == "vendor-one"]
    assert own["roles"] == ["deployer", "vendor"]
    assert own["named"]
    assert chief.post(f"/cases/{CASE}/participants/nobody/roles", {"roles": ["vendor"]}).status_code == 404
    assert chief.post(f"/cases/{CASE}/embargo/none", {"because": "nothing to hide"}).status_code == 201


def test_an_embargo_is_ended_with_a_reason_and_then_holds_nothing_back() -> None:
    chief = coordinator()
    one_case()
    under_embargo(chief)
    assert chief.post(f"/cases/{CASE}/embargo/end", {"because": "it leaked"}).status_code == 201
    assert chief.get(f"/cases/{CASE}/embargo").json()["state"] == "exited"
    again = chief.post(f"/cases/{CASE}/embargo/end", {"because": "it leaked"})
    assert again.status_code == 409
