"""`clearinghouse token …`: keys for programs that use the API."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from clearinghouse.cli.output import put, put_line, say, table
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.errors import UsageError
from clearinghouse.core.roles import Scope  # noqa: TC001
from clearinghouse.core.visibility import LOCAL

app = typer.Typer(help="Tokens for programs that use the API.", no_args_is_help=True, rich_markup_mode=None)

OfUser = Annotated[str | None, typer.Option("--user", help="The person it acts for: an e-mail address or a handle.")]
OfOrg = Annotated[str | None, typer.Option("--org", help="The organisation it acts for, by its handle.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is for, as `nightly scanner`.")],
    scope: Annotated[list[Scope], typer.Option("--scope", help="What it may do; may be given several times.")],
    user: OfUser = None,
    org: OfOrg = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How long it works.")] = 90,
    *,
    as_json: AsJson = False,
) -> None:
    """Create a token of a person or an organisation, and show its secret this once."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import services  # noqa: PLC0415

    owner = _owner(user, org)
    if owner is None:
        raise UsageError("a token acts for somebody", advice="give --user or --org")
    made = services.create_token(owner, name, scope, actor=LOCAL, at=wiring.clock(), days=days)
    if as_json:
        put(made)
        return
    put_line(made.secret)
    say(f"It acts for {made.owner} until {made.expires_at:%Y-%m-%d}: {', '.join(made.scopes)}. It is not shown again.")


@app.command("list")
def list_tokens(user: OfUser = None, org: OfOrg = None, as_json: AsJson = False) -> None:
    """List tokens, newest first; without --user and --org, everybody's."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries  # noqa: PLC0415

    rows = queries.tokens(LOCAL, at=wiring.clock(), owner=_owner(user, org))
    if as_json:
        for row in rows:
            put(row)
        return
    cells = [
        (
            f"{row.prefix}…",
            row.name,
            row.owner,
            ", ".join(row.scopes),
            f"{row.expires_at:%Y-%m-%d}",
            f"{row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never",
            "works" if row.works else "revoked" if row.revoked_at else "ended",
        )
        for row in rows
    ]
    table(("token", "name", "acts for", "scopes", "until", "last used", "state"), cells)


@app.command("revoke")
def revoke(
    token: Annotated[str, typer.Argument(help="Its first characters, as `token list` shows them, or its key.")],
) -> None:
    """End a token now."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.registry import queries, services  # noqa: PLC0415

    found = queries.token(token.removesuffix("…"))
    services.revoke_token(found, actor=LOCAL, at=wiring.clock())
    put_line(f"{found.prefix}…  revoked")


def _owner(user: str | None, org: str | None) -> Any:
    """The party that is named; None for none."""
    from clearinghouse.registry import queries  # noqa: PLC0415

    if user is not None and org is not None:
        raise UsageError("a token acts for one party", advice="give --user or --org, not both")
    if user is not None:
        return queries.person(user).party
    return queries.organisation(org).party if org is not None else None
