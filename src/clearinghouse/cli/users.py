"""`clearinghouse user …`: people's accounts, as whoever runs this machine manages them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from clearinghouse.cli.output import put, put_line, say, table
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.roles import OrganisationRole, SiteRole
from clearinghouse.core.visibility import LOCAL

app = typer.Typer(help="People's accounts and their roles on the site.", no_args_is_help=True, rich_markup_mode=None)

Email = Annotated[str, typer.Argument(help="The e-mail address to sign in with.")]
Who = Annotated[str, typer.Argument(metavar="PERSON", help="An e-mail address or a handle, as `user list` shows them.")]
Role = Annotated[SiteRole, typer.Argument(help="A role on the site.")]
Roles = Annotated[list[SiteRole] | None, typer.Option("--role", help="A role on the site; may be given several times.")]
Org = Annotated[str | None, typer.Option("--org", help="The handle of an organisation to act for.")]
As = Annotated[OrganisationRole, typer.Option("--as", help="What to be in that organisation.")]
Days = Annotated[int, typer.Option("--days", min=1, max=30, help="How long the link works.")]


@app.command("add")
def add(
    email: Email,
    name: Annotated[str, typer.Option("--name", help="The name that others see.")],
    role: Roles = None,
    org: Org = None,
    as_: As = OrganisationRole.MEMBER,
    *,
    days: Days = 7,
    as_json: AsJson = False,
) -> None:
    """Add a person, and show the link, good once, with which it sets its password."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    settings = wiring.ready()
    from clearinghouse.registry import services  # noqa: PLC0415

    now = wiring.clock()
    into = _organisation(org)
    person = services.add_person(email, name, actor=LOCAL, at=now)
    for one in role or []:
        services.grant(person, one, actor=LOCAL, at=now)
    if into is not None:
        services.add_member(person, into, as_, actor=LOCAL, at=now)
    made = services.invite(email, actor=LOCAL, at=now, days=days)
    link = settings.invitation_link(made.secret)
    if as_json:
        put({"handle": person.party.handle, "email": person.email, "link": link, "expires_at": made.expires_at})
        return
    put_line(f"{person.party.handle}  {person.email}")
    put_line(link)
    say(f"The link works once, until {made.expires_at:%Y-%m-%d %H:%M} UTC. Give it to that person alone.")


@app.command("invite")
def invite(
    email: Email,
    role: Roles = None,
    org: Org = None,
    as_: As = OrganisationRole.MEMBER,
    *,
    days: Days = 7,
    as_json: AsJson = False,
) -> None:
    """Invite somebody, who chooses a name and a password with the link that is shown. It is good once."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    settings = wiring.ready()
    from clearinghouse.registry import services  # noqa: PLC0415

    into = _organisation(org)
    made = services.invite(
        email, actor=LOCAL, at=wiring.clock(), organisation=into, role=as_, site_roles=role or [], days=days
    )
    link = settings.invitation_link(made.secret)
    if as_json:
        put({"email": made.email, "link": link, "expires_at": made.expires_at})
        return
    put_line(link)
    say(f"The link works once, until {made.expires_at:%Y-%m-%d %H:%M} UTC. Give it to that person alone.")


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List the accounts."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries  # noqa: PLC0415

    rows = queries.people(LOCAL)
    if as_json:
        for row in rows:
            put(row)
        return
    cells = [
        (
            row.handle,
            row.name,
            row.email,
            ", ".join(row.roles),
            ", ".join(f"{org} ({role})" for org, role in sorted(row.organisations.items())),
            "active" if row.active else "deactivated",
        )
        for row in rows
    ]
    table(("person", "name", "e-mail", "site roles", "organisations", "state"), cells)


@app.command("show")
def show(person: Who, as_json: AsJson = False) -> None:
    """Show one account with its organisations and tokens."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries  # noqa: PLC0415

    found = queries.person(person)
    row = next(row for row in queries.people(LOCAL) if row.handle == found.party.handle)
    tokens = queries.tokens(LOCAL, at=wiring.clock(), owner=found.party)
    if as_json:
        put({"person": row, "tokens": tokens})
        return
    put_line(f"{row.handle}  {row.name} <{row.email}>, {'active' if row.active else 'deactivated'}")
    put_line(f"site roles: {', '.join(row.roles) or 'none'}")
    for handle, role in sorted(row.organisations.items()):
        put_line(f"    {role} of {handle}")
    for token in tokens:
        put_line(f"    token {token.prefix}…  {token.name}, {'works' if token.works else 'ended'}")


@app.command("deactivate")
def deactivate(person: Who) -> None:
    """Shut a person out now: its sessions, its site roles and the tokens that it made end."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries, services  # noqa: PLC0415

    found = queries.person(person)
    services.deactivate(found, actor=LOCAL, at=wiring.clock())
    put_line(f"{found.party.handle}  deactivated")


@app.command("reactivate")
def reactivate(person: Who) -> None:
    """Let a person in again who was shut out. Its site roles and tokens stay gone until they are given anew."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries, services  # noqa: PLC0415

    found = queries.person(person)
    services.reactivate(found, actor=LOCAL, at=wiring.clock())
    put_line(f"{found.party.handle}  active again")


@app.command("reset-factors")
def reset_factors(person: Who) -> None:
    """Remove the second factors of a person who lost them. Its sessions end; its password stays."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries, services  # noqa: PLC0415

    found = queries.person(person)
    services.reset_factors(found, actor=LOCAL, at=wiring.clock())
    put_line(f"{found.party.handle}  no second factor any more")


@app.command("grant")
def grant(person: Who, role: Role) -> None:
    """Give a person a role on the site."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries, services  # noqa: PLC0415

    found = queries.person(person)
    services.grant(found, role, actor=LOCAL, at=wiring.clock())
    put_line(f"{found.party.handle}  {role}")


@app.command("revoke")
def revoke(person: Who, role: Role) -> None:
    """Take a role on the site away. Refused (77) for the last admin's."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries, services  # noqa: PLC0415

    found = queries.person(person)
    services.revoke(found, role, actor=LOCAL, at=wiring.clock())
    put_line(f"{found.party.handle}  no {role} any more")


def _organisation(handle: str | None) -> Any:
    """The organisation of that handle; None for none."""
    from clearinghouse.registry import queries  # noqa: PLC0415

    return queries.organisation(handle) if handle else None
