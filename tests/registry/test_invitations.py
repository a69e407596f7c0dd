"""Invitations work once, in time, for the invited address, and while the inviter may still invite."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearinghouse.core.errors import NotFound, Refused, UsageError
from clearinghouse.core.roles import OrganisationRole, SiteRole
from clearinghouse.core.visibility import LOCAL
from clearinghouse.journal.models import Entry
from clearinghouse.registry import services
from clearinghouse.registry.models import Invitation, Person
from clearinghouse.registry.queries import actor_of, invitation
from tests.registry.factories import NOW, PASSWORD, organisation, person

pytestmark = pytest.mark.django_db
MANAGER = OrganisationRole.MANAGER


def test_an_invitation_makes_a_person_with_what_it_offers() -> None:
    lab = organisation()
    boss = person("Boss", of=lab, role=MANAGER)
    made = services.invite("Ada@example.org", actor=actor_of(boss), at=NOW, organisation=lab)
    offered = invitation(made.secret, at=NOW)
    assert offered is not None
    assert (offered.email, offered.organisation, offered.known) == ("ada@example.org", "Lab One", False)
    ada = services.accept(made.secret, name="Ada", password=PASSWORD, at=NOW)
    assert ada.check_password(PASSWORD)
    assert actor_of(ada).parties == {ada.party.key, lab.party.key}


def test_it_works_once_and_only_in_time() -> None:
    made = services.invite("ada@example.org", actor=LOCAL, at=NOW, site_roles=[SiteRole.TRIAGER], days=2)
    late = NOW + timedelta(days=2)
    assert invitation(made.secret, at=late) is None
    with pytest.raises(NotFound, match="does not work"):
        services.accept(made.secret, name="Ada", password=PASSWORD, at=late)
    services.accept(made.secret, name="Ada", password=PASSWORD, at=late - timedelta(seconds=1))
    with pytest.raises(NotFound, match="does not work"):
        services.accept(made.secret, name="Eve", password=PASSWORD, at=NOW)
    with pytest.raises(NotFound, match="does not work"):
        services.accept("no secret", name="Eve", password=PASSWORD, at=NOW)
    assert Person.objects.count() == 1


def test_the_secret_and_the_address_are_in_no_journal_entry() -> None:
    made = services.invite("ada@example.org", actor=LOCAL, at=NOW)
    services.accept(made.secret, name="Ada", password=PASSWORD, at=NOW)
    bodies = " ".join(Entry.objects.values_list("body", flat=True))
    assert made.secret not in bodies
    assert "@" not in bodies
    assert not Invitation.objects.filter(hash=made.secret).exists()
    kinds = list(Entry.objects.filter(chain="registry").order_by("seq").values_list("kind", flat=True))
    assert kinds == ["invited", "invitation accepted"]


def test_an_account_with_a_password_is_not_taken_over_by_an_invitation_to_its_address() -> None:
    ada = person()
    made = services.invite("ada@example.org", actor=LOCAL, at=NOW, site_roles=[SiteRole.TRIAGER])
    with pytest.raises(Refused, match="sign in"):
        services.accept(made.secret, name="Ada", password="another long password", at=NOW)
    with pytest.raises(NotFound):
        services.accept_as(made.secret, person("Eve"), at=NOW)
    services.accept_as(made.secret, ada, at=NOW)
    assert actor_of(ada).roles == {SiteRole.TRIAGER}
    assert Person.objects.get(pk=ada.pk).check_password(PASSWORD)


def test_a_person_added_without_a_password_sets_its_first_and_keeps_its_name() -> None:
    ada = services.add_person("ada@example.org", "Ada", actor=LOCAL, at=NOW)
    made = services.invite("ada@example.org", actor=LOCAL, at=NOW)
    same = services.accept(made.secret, name="Eve", password=PASSWORD, at=NOW)
    assert (same.pk, same.party.name) == (ada.pk, "Ada")
    assert same.check_password(PASSWORD)


def test_who_was_deactivated_does_not_come_back_by_an_invitation() -> None:
    ada = person()
    made = services.invite("ada@example.org", actor=LOCAL, at=NOW)
    services.deactivate(ada, actor=LOCAL, at=NOW)
    with pytest.raises(Refused):
        services.accept(made.secret, name="Ada", password=PASSWORD, at=NOW)
    with pytest.raises(NotFound):
        services.accept_as(made.secret, ada, at=NOW)


def test_it_dies_with_its_inviters_right_to_invite() -> None:
    lab = organisation()
    boss, other = person("Boss", of=lab, role=MANAGER), person("Other", of=lab, role=MANAGER)
    made = services.invite("ada@example.org", actor=actor_of(boss), at=NOW, organisation=lab)
    services.change_role(boss, lab, OrganisationRole.MEMBER, actor=actor_of(other), at=NOW)
    assert invitation(made.secret, at=NOW) is None
    with pytest.raises(NotFound):
        services.accept(made.secret, name="Ada", password=PASSWORD, at=NOW)


def test_managers_invite_into_their_organisation_and_to_no_role_on_the_site() -> None:
    lab, other = organisation(), organisation("Lab Two")
    boss = actor_of(person("Boss", of=lab, role=MANAGER))
    for refused in ({"organisation": other}, {"organisation": lab, "site_roles": [SiteRole.ADMIN]}, {}):
        with pytest.raises(Refused):
            services.invite("ada@example.org", actor=boss, at=NOW, **refused)  # type: ignore[arg-type]


def test_an_admin_does_not_invite_itself_into_an_organisation() -> None:
    lab, root = organisation(), person("Root", site=[SiteRole.ADMIN])
    made = services.invite(root.email, actor=actor_of(root), at=NOW, organisation=lab)
    with pytest.raises(NotFound):
        services.accept_as(made.secret, root, at=NOW)
    assert actor_of(root).parties == {root.party.key}


def test_inviting_answers_the_same_for_known_and_unknown_addresses() -> None:
    lab = organisation()
    boss = actor_of(person("Boss", of=lab, role=MANAGER))
    person("Ada")
    known, unknown = (
        services.invite(f"{name}@example.org", actor=boss, at=NOW, organisation=lab) for name in ("ada", "nobody")
    )
    assert (len(known.secret), known.expires_at) == (len(unknown.secret), unknown.expires_at)
    with pytest.raises(UsageError):
        services.invite("ada@example.org", actor=boss, at=NOW, organisation=lab, days=31)
