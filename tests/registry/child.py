"""A process of its own in which each verb is called by several at once, and which prints what came of it, as JSON."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

from clearinghouse.bootstrap import wiring
from clearinghouse.core.errors import ClearinghouseError
from clearinghouse.core.roles import OrganisationKind, OrganisationRole, Scope, SiteRole
from clearinghouse.core.visibility import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = 4


def at_once(verb: Callable[[int], Any]) -> list[str]:
    """What each of several calls at the same moment came to: `done`, or the code of the error."""
    from django.db import connection  # noqa: PLC0415

    ready = Barrier(AT_ONCE)

    def call(n: int) -> str:
        try:
            connection.ensure_connection()
            ready.wait()
            verb(n)
        except ClearinghouseError as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sorted(pool.map(call, range(AT_ONCE)))


def main() -> None:
    """Race every verb that something must come of only once."""
    wiring.ready()
    from clearinghouse.journal.queries import verify  # noqa: PLC0415
    from clearinghouse.registry import queries, services  # noqa: PLC0415

    at = wiring.clock()
    lab = services.create_organisation("Lab One", OrganisationKind.LAB, actor=LOCAL, at=at)
    people = [services.add_person(f"p{n}@example.org", "Ada", actor=LOCAL, at=at) for n in range(AT_ONCE)]
    for person in people:
        services.add_member(person, lab, OrganisationRole.MANAGER, actor=LOCAL, at=at)
        services.grant(person, SiteRole.ADMIN, actor=LOCAL, at=at)
    secret = services.invite("eve@example.org", actor=LOCAL, at=at, organisation=lab).secret
    token = services.create_token(lab.party, "scanner", [Scope.CASES_READ], actor=LOCAL, at=at)
    found = queries.token(token.key)
    came = {
        "accept": at_once(lambda n: services.accept(secret, name="Eve", password=f"{n} long walks in rain", at=at)),
        "leave": at_once(lambda n: services.remove_member(people[n], lab, actor=LOCAL, at=at)),
        "resign": at_once(lambda n: services.revoke(people[n], SiteRole.ADMIN, actor=LOCAL, at=at)),
        "revoke": at_once(lambda _: services.revoke_token(found, actor=LOCAL, at=at)),
        "deactivate": at_once(lambda _: services.deactivate(people[0], actor=LOCAL, at=at)),
        "same address": at_once(lambda n: services.add_person("bo@example.org", f"Bo {n}", actor=LOCAL, at=at)),
        "same name": at_once(lambda n: services.add_person(f"li{n}@example.org", "Li", actor=LOCAL, at=at)),
    }
    handles = sorted(row.handle for row in queries.people(LOCAL) if row.name == "Li")
    print(json.dumps({"came": came, "handles": handles, "journal": str(verify().broken)}))  # noqa: T201


if __name__ == "__main__":
    main()
