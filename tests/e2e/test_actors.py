"""Disclosure with many parties, as separate actors over HTTP: what each sees at each step; the journal verifies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import databases
from tests.e2e.stage import MAIN, SELF, Actor, Stage, live
from tests.proofs.factories import Sketch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

pytestmark = [pytest.mark.slow, pytest.mark.database, pytest.mark.enable_socket, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One house for all variants; at the end its journal is whole."""
    with databases.made(tmp_path_factory.mktemp("actors") / "home") as home, live(home) as found:
        yield found
        assert found.run(*MAIN, "journal", "verify")


def bug(package: str, words: str = "first", name: str = "alpha") -> Sketch:
    return Sketch(name, package=f"pkg:pypi/{package}", words=words, title=f"a bug in {package}")


def held(stage: Stage, sketch: Sketch, preset: str = "90+30") -> str:
    """A case of the first lab's under the embargo that it proposed and the coordinator accepted."""
    lab, coordinator = stage["lab-one"], stage["coordinator-one"]
    case = lab.finds(sketch)
    lab.does(f"/cases/{case}/embargo/proposals", preset=preset)
    coordinator.does(f"/cases/{case}/embargo/decisions", accept=True)
    assert embargo(lab, case)["state"] == "active"
    assert lab.reads(f"/cases/{case}")["title"] == sketch.title
    return case


def embargo(actor: Actor, case: str) -> dict[str, Any]:
    found: dict[str, Any] = actor.reads(f"/cases/{case}/embargo")
    return found


def invite(stage: Stage, case: str, party: str, *roles: str) -> None:
    stage["coordinator-one"].does(f"/cases/{case}/participants", party=party, roles=list(roles))


def consents(stage: Stage, case: str) -> dict[str, str]:
    found = stage["coordinator-one"].reads(f"/cases/{case}/participants")["items"]
    return {one["handle"]: one["consent"] for one in found}


def invited_to(actor: Actor) -> list[str]:
    return [one["case"] for one in actor.reads("/invitations")["items"]]


def sees_nothing(actor: Actor, case: str) -> bool:
    """To the actor there is no such case, anywhere."""
    listed = [one["id"] for one in actor.reads("/cases")["items"]]
    if actor.token is None:
        return case not in listed and actor.is_refused(f"/cases/{case}")
    parts = [f"/cases/{case}{part}" for part in ("", "/embargo", "/messages", "/facts", "/verdicts", "/journal")]
    return case not in listed + invited_to(actor) and actor.is_refused(*parts)


def sees_invitation_only(actor: Actor, case: str) -> bool:
    return case in invited_to(actor) and actor.is_refused(f"/cases/{case}", f"/cases/{case}/participants")


def test_a_late_joiner_reads_the_terms_first_and_the_case_once_it_signed(stage: Stage) -> None:
    case = held(stage, bug("late"))
    vendor, operator, outsider = stage["vendor-one"], stage["operator-one"], stage["outsider"]
    assert sees_nothing(vendor, case)
    invite(stage, case, "vendor-one", "vendor")
    assert sees_invitation_only(vendor, case)
    assert embargo(vendor, case)["ends_at"] == embargo(stage["lab-one"], case)["ends_at"]
    vendor.does(f"/cases/{case}/consent", yes=True)
    assert vendor.reads(f"/cases/{case}")["claims"][0]["finder"] == "lab-one"
    invite(stage, case, "operator-one", "deployer")
    operator.does(f"/cases/{case}/consent", yes=False)
    assert operator.is_refused(f"/cases/{case}")
    operator.does(f"/cases/{case}/consent", yes=True)
    found = operator.reads(f"/cases/{case}")
    assert (found["title"], found["claims"]) == ("a bug in late", [])
    operator.does(f"/cases/{case}/consent", yes=False)
    assert operator.is_refused(f"/cases/{case}", f"/cases/{case}/messages")
    for stranger in (outsider, stage["public"]):
        assert sees_nothing(stranger, case)


def test_a_second_finder_under_embargo_is_invited_and_shortens_it(stage: Stage) -> None:
    case = held(stage, bug("second"))
    lab, other = stage["lab-one"], stage["lab-two"]
    before = stage["coordinator-one"].reads(f"/cases/{case}")
    report = other.hands_in(bug("second", "found again"))
    assert other.reads(f"/reports/{report}")["case"] == case
    assert other.reads(f"/reports/{report}/verdict")["verdict"] == "proven"
    assert sees_invitation_only(other, case)
    after = stage["coordinator-one"].reads(f"/cases/{case}")
    assert (before["reports"], after["reports"]) == (1, 2)
    assert after["priority"] != before["priority"]
    assert embargo(lab, case)["state"] == "revise"
    asked = [one["ends_at"] for one in embargo(lab, case)["proposals"] if one["words"].startswith("until ")]
    assert len(asked) == 1
    assert asked[0] < embargo(lab, case)["ends_at"]
    assert sees_nothing(stage["outsider"], case)


def test_a_leak_ends_the_embargo_for_everybody_at_once(stage: Stage) -> None:
    case = held(stage, bug("leak"))
    vendor, silent = stage["vendor-one"], stage["vendor-two"]
    for name in ("vendor-one", "vendor-two"):
        invite(stage, case, name, "vendor")
    vendor.does(f"/cases/{case}/consent", yes=True)
    assert sees_invitation_only(silent, case)
    vendor.does(f"/cases/{case}/facts", fact="exploit public")
    assert embargo(stage["lab-one"], case)["state"] == "exited"
    assert silent.reads(f"/cases/{case}")["title"] == "a bug in leak"
    told = stage["coordinator-one"].post(f"/cases/{case}/embargo/proposals", {"preset": "45"})
    assert told.status in {409, 422}
    assert sees_nothing(stage["outsider"], case)
    assert sees_nothing(stage["public"], case)


def test_a_trailing_vendor_holds_nobody_up_without_a_decision(stage: Stage) -> None:
    case = held(stage, bug("trailing"), "45")
    ready, trailing = stage["vendor-one"], stage["vendor-two"]
    for name in ("vendor-one", "vendor-two"):
        invite(stage, case, name, "vendor")
        stage[name].does(f"/cases/{case}/consent", yes=True)
    ends = embargo(ready, case)["ends_at"]
    ready.does(f"/cases/{case}/steps", step="validate")
    ready.does(f"/cases/{case}/steps", step="accept")
    ready.does(f"/cases/{case}/facts", fact="fix ready")
    assert embargo(trailing, case)["state"] == "active"
    trailing.does(f"/cases/{case}/steps", step="validate")
    told = trailing.does(f"/cases/{case}/embargo/proposals", preset="90+30", because="ours is not ready")
    assert embargo(ready, case)["state"] == "revise"
    assert embargo(ready, case)["ends_at"] == ends
    refused = trailing.post(f"/cases/{case}/embargo/decisions", {"accept": True})
    assert refused.status == 404
    stage["coordinator-one"].does(f"/cases/{case}/embargo/decisions", accept=False, proposal=told["proposal"])
    assert (embargo(ready, case)["state"], embargo(ready, case)["ends_at"]) == ("active", ends)
    assert ready.reads(f"/cases/{case}")["title"] == trailing.reads(f"/cases/{case}")["title"]


def test_a_silent_vendor_is_taken_to_have_declined_and_may_still_come(stage: Stage) -> None:
    case = held(stage, bug("silent"))
    vendor = stage["vendor-two"]
    invite(stage, case, "vendor-two", "vendor")
    assert consents(stage, case)["vendor-two"] == "invited"
    stage.run(*SELF, "later")
    for _ in range(300):
        if consents(stage, case)["vendor-two"] != "invited":
            break
    assert consents(stage, case)["vendor-two"] == "declined"
    assert vendor.is_refused(f"/cases/{case}", f"/cases/{case}/participants")
    assert embargo(stage["lab-one"], case)["state"] == "active"
    vendor.does(f"/cases/{case}/consent", yes=True)
    assert vendor.reads(f"/cases/{case}")["title"] == "a bug in silent"


def test_a_split_supply_chain_keeps_each_side_under_the_same_embargo(stage: Stage) -> None:
    case = held(stage, bug("chain"))
    lab, other, vendor = stage["lab-one"], stage["lab-two"], stage["vendor-one"]
    mine = lab.reads(f"/cases/{case}")["claims"][0]["bundle"]
    report = other.hands_in(bug("chain", "downstream"))
    assert sees_invitation_only(other, case)
    invite(stage, case, "vendor-one", "vendor")
    vendor.does(f"/cases/{case}/consent", yes=True)
    assert len(vendor.reads(f"/cases/{case}")["claims"]) == 2
    moved = other.reads(f"/reports/{report}")["bundle"]
    ends = embargo(lab, case)["ends_at"]
    stage["coordinator-one"].does(f"/cases/{case}/split", bundles=[moved], because="another library")
    apart = other.reads(f"/reports/{report}")["case"]
    assert apart != case
    assert [one["bundle"] for one in vendor.reads(f"/cases/{case}")["claims"]] == [mine]
    assert [one["bundle"] for one in vendor.reads(f"/cases/{apart}")["claims"]] == [moved]
    assert embargo(vendor, apart)["ends_at"] == ends
    assert sees_nothing(lab, apart)
    assert sees_invitation_only(other, apart)
    assert sees_nothing(other, case)
