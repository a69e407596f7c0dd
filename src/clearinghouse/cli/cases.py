"""`clearinghouse case …` and `clearinghouse publish`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from clearinghouse.cli import coordination, review_use
from clearinghouse.cli.output import put, put_line, say, table
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.errors import NotFound
from clearinghouse.core.visibility import LOCAL

if TYPE_CHECKING:
    from clearinghouse.cases.views import CaseDetail

app = typer.Typer(
    help="Look at cases, state what their priority needs, and coordinate who takes part in them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
coordination.register(app)
review_use.register(app)
CaseId = Annotated[str, typer.Argument(help="A case's id, as CLH-2026-00001")]
By = Annotated[str, typer.Option("--by", help="The coordinator's name; it is kept in the journal.")]


@app.command("list")
def list_cases(as_json: AsJson = False) -> None:
    """List the cases, most urgent first."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.cases import queries  # noqa: PLC0415

    rows = queries.cases(actor=LOCAL)
    if as_json:
        for row in rows:
            put({**_fields(row), "priority_label": row.priority.label})
        return
    headings = ("case", "priority", "reports", "finders", "package", "state", "title")
    cells = [(r.id, r.priority.label, str(r.reports), str(len(r.finders)), r.package, r.state, r.title) for r in rows]
    table(headings, cells)


def _fields(row: object) -> dict[str, object]:
    from clearinghouse.cli.output import plain  # noqa: PLC0415

    fields: dict[str, object] = plain(row)
    return fields


@app.command("show")
def show_case(case: CaseId, as_json: AsJson = False) -> None:
    """Show one case: claims, proofs, why these reports are one, and its priority."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.cases import queries  # noqa: PLC0415

    found = queries.case(case, actor=LOCAL)
    if found is None:
        raise NotFound(f"no case {case}", advice="`clearinghouse case list` shows the cases")
    if as_json:
        put(found)
    else:
        _show(found)


def _show(case: CaseDetail) -> None:
    row = case.row
    put_line(f"{row.id}  {row.state}: {row.title} (claimed)")
    put_line(f"{row.package}, fires on {', '.join(row.vulnerable)}, silent on {', '.join(row.fixed) or 'none known'}")
    put_line(f"priority {row.priority.label} ({row.priority.table})")
    for fact in row.priority.facts:
        put_line(f"    {fact.name}: {fact.value or 'unknown'} ({fact.source}: {fact.evidence})")
    for flip in row.priority.flips:
        outcomes = "; ".join(f"{value}: {' or '.join(decisions)}" for value, decisions in flip.outcomes)
        put_line(f"    would change with {flip.name}: {outcomes}")
    for reason in row.priority.order:
        put_line(f"    {reason.words}")
    put_line("reports")
    for claim in case.claims:
        put_line(f"    {claim.report_id}  {claim.finder}, {claim.received_at:%Y-%m-%d %H:%M}: {claim.title}")
    put_line("proofs")
    for proof in case.proofs:
        place = proof.function or "no function named"
        put_line(f"    {proof.short_id}  {proof.verdict}, grade {proof.grade or '-'}, {proof.oracle} in {place}")
    for pair in case.pairs:
        put_line(f"{pair.left[:12]} and {pair.right[:12]}: {pair.relation} ({pair.matcher})")
        for line in pair.evidence:
            put_line(f"    {line.strength}: {line.kind}: {line.value}")


@app.command("assess")
def assess(
    case: CaseId,
    name: Annotated[str, typer.Argument(help="exploitation, automatable, technical_impact or mission")],
    value: Annotated[str, typer.Argument(help="One of the input's values, for example high.")],
    by: By,
    because: Annotated[str, typer.Option("--because", help="On what evidence.")],
) -> None:
    """State one input of a case's priority."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.cases import services  # noqa: PLC0415

    actor = LOCAL.called(by)
    priority = services.assess(case, name=name, value=value, actor=actor, because=because, at=wiring.clock())
    put_line(f"{case}  priority {priority.label}")


def publish(
    case: CaseId,
    by: By,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="You checked what the proofs ask a person to confirm.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Publish a case as an OSV record. Refused (77) when its proof does not support it or a confirmation is due."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    settings = wiring.ready()
    from clearinghouse.advisories import services  # noqa: PLC0415

    done = services.publish(
        case, actor=LOCAL.called(by), confirm=confirm, folder=settings.published, clock=wiring.clock
    )
    if done.known:
        say(f"{case} was published before")
    if as_json:
        put(done)
    else:
        put_line(f"{done.id}  {done.path}")
