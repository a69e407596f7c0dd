"""The verbs of accounts that are killed at each of their statements; each begins with a peopled Lab One."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.core.roles import OrganisationKind, OrganisationRole, Scope, SiteRole
from clearinghouse.core.visibility import LOCAL
from clearinghouse.registry import queries, services
from clearinghouse.registry.models import Invitation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.intake.factories import House

SECRET = "what the mail's link says"


def peopled(house: House) -> None:
    """Boss manages Lab One, Ada is a member, triages and has a token; Eve is invited."""
    at = house.clock()
    lab = services.create_organisation("Lab One", OrganisationKind.LAB, actor=LOCAL, at=at)
    for name, role in (("Boss", OrganisationRole.MANAGER), ("Ada", OrganisationRole.MEMBER)):
        person = services.add_person(f"{name}@example.org", name, actor=LOCAL, at=at)
        services.add_member(person, lab, role, actor=LOCAL, at=at)
        services.grant(person, SiteRole.TRIAGER, actor=LOCAL, at=at)
        services.create_token(person.party, "laptop", [Scope.CASES_READ], actor=LOCAL, at=at)
    services.invite("eve@example.org", actor=LOCAL, at=at, organisation=lab, site_roles=[SiteRole.PUBLISHER])
    Invitation.objects.update(hash=queries.hash_of(SECRET))


def organisation_created(house: House) -> None:
    services.create_organisation("Lab Two", OrganisationKind.LAB, actor=LOCAL, at=house.clock())


def person_added(house: House) -> None:
    services.add_person("mallory@example.org", "Mallory", actor=LOCAL, at=house.clock())


def invited(house: House) -> None:
    services.invite("mallory@example.org", actor=LOCAL, at=house.clock())


def accepted(house: House) -> None:
    services.accept(SECRET, name="Eve", password="a long walk in the rain", at=house.clock())


def token_created(house: House) -> None:
    owner = queries.organisation("lab-one").party
    services.create_token(owner, "scanner", [Scope.REPORTS_SUBMIT], actor=LOCAL, at=house.clock())


def deactivated(house: House) -> None:
    services.deactivate(queries.person("ada"), actor=LOCAL, at=house.clock())


def removed(house: House) -> None:
    lab = queries.organisation("lab-one")
    services.remove_member(queries.person("ada"), lab, actor=LOCAL, at=house.clock())


CALLS: dict[str, Callable[[House], None]] = {
    "create an organisation": organisation_created,
    "add a person": person_added,
    "invite": invited,
    "accept an invitation": accepted,
    "create a token": token_created,
    "deactivate a person": deactivated,
    "remove a member": removed,
}
