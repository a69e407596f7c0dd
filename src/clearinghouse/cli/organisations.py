"""`clearinghouse org …`: organisations and who acts for them."""

from __future__ import annotations

from typing import Annotated

import typer

from clearinghouse.cli.output import put, put_line, table
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.cli.users import As, Who  # noqa: TC001
from clearinghouse.core.roles import OrganisationKind, OrganisationRole
from clearinghouse.core.visibility import LOCAL

app = typer.Typer(help="Organisations and their members.", no_args_is_help=True, rich_markup_mode=None)

Org = Annotated[str, typer.Argument(metavar="ORG", help="An organisation's handle, as `org list` shows it.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The organisation's name.")],
    kind: Annotated[OrganisationKind, typer.Option("--kind", help="What it is to the clearinghouse.")],
    contact: Annotated[str, typer.Option("--contact", help="An e-mail address for everybody.")] = "",
    embargo_days: Annotated[
        int | None, typer.Option("--embargo-days", help="The default embargo that it publishes, in days; 0 for none.")
    ] = None,
    take_name: Annotated[
        bool, typer.Option("--take-name", help="Reports sent under this name so far are the organisation's.")
    ] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Create an organisation without members."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import services  # noqa: PLC0415

    made = services.create_organisation(
        name,
        kind,
        actor=LOCAL,
        at=wiring.clock(),
        contact=contact,
        embargo_days=embargo_days,
        take_name=take_name,
    )
    if as_json:
        put({"handle": made.party.handle, "name": made.party.name, "kind": kind})
    else:
        put_line(f"{made.party.handle}  {made.party.name}, {kind}")


@app.command("list")
def list_organisations(as_json: AsJson = False) -> None:
    """List the organisations."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries  # noqa: PLC0415

    rows = queries.organisations(LOCAL)
    if as_json:
        for row in rows:
            put(row)
        return
    cells = [(r.handle, r.name, r.kind, str(r.members), _embargo(r.embargo_days), r.contact) for r in rows]
    table(("organisation", "name", "kind", "members", "default embargo", "contact"), cells)


@app.command("show")
def show(org: Org, as_json: AsJson = False) -> None:
    """Show one organisation with its members and tokens."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries  # noqa: PLC0415

    found = queries.organisation(org)
    row = next(row for row in queries.organisations(LOCAL) if row.handle == found.party.handle)
    members = queries.members(found, LOCAL)
    tokens = queries.tokens(LOCAL, at=wiring.clock(), owner=found.party)
    if as_json:
        put({"organisation": row, "members": members, "tokens": tokens})
        return
    put_line(f"{row.handle}  {row.name}, {row.kind}, default embargo: {_embargo(row.embargo_days)}")
    for member in members:
        put_line(f"    {member.role} {member.handle} <{member.email}>{'' if member.active else ', deactivated'}")
    for token in tokens:
        put_line(f"    token {token.prefix}…  {token.name}, {'works' if token.works else 'ended'}")


@app.command("join")
def join(org: Org, person: Who, as_: As = OrganisationRole.MEMBER) -> None:
    """Let a person act for an organisation, or change what it is there."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries, services  # noqa: PLC0415

    organisation, who = queries.organisation(org), queries.person(person)
    handle = who.party.handle
    verb = services.change_role if _is_member(org, handle) else services.add_member
    verb(who, organisation, as_, actor=LOCAL, at=wiring.clock())
    put_line(f"{handle}  {as_} of {organisation.party.handle}")


@app.command("leave")
def leave(org: Org, person: Who) -> None:
    """Let a person act for an organisation no more; its tokens for it end. Refused (77) for the last manager."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries, services  # noqa: PLC0415

    organisation, who = queries.organisation(org), queries.person(person)
    services.remove_member(who, organisation, actor=LOCAL, at=wiring.clock())
    put_line(f"{who.party.handle}  left {organisation.party.handle}")


def _is_member(org: str, handle: str) -> bool:
    from clearinghouse.registry import queries  # noqa: PLC0415

    return any(row.handle == handle for row in queries.members(queries.organisation(org), LOCAL))


def _embargo(days: int | None) -> str:
    return "none published" if days is None else f"{days} days"
