"""`clearinghouse case invite|answer|participants|embargo|fact|step|message|merge|split`: what people do on a case."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearinghouse.cli.output import put, put_line, table
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.errors import NotFound, UsageError
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.embargo_terms import Anchor, Preset, Terms, utc
from clearinghouse.core.protocol.report_management import ManagementStep  # noqa: TC001  # Typer reads it
from clearinghouse.core.roles import CaseRole, Tlp  # noqa: TC001  # Typer reads them
from clearinghouse.core.visibility import LOCAL

if TYPE_CHECKING:
    from clearinghouse.cases.coordination import Coordination

embargo = typer.Typer(help="Agree on an embargo, and end one.", no_args_is_help=True, rich_markup_mode=None)
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="A case's id, as CLH-2026-00001")]
PartyArgument = Annotated[str, typer.Argument(help="A party's handle or key.")]
By = Annotated[str, typer.Option("--by", help="The coordinator's name; it is kept in the journal.")]
For = Annotated[str | None, typer.Option("--for", help="The participant that asked you to, by handle or key.")]
Because = Annotated[str, typer.Option("--because", help="The reason; it is kept in the journal.")]
_LETTERS = {fact.letter: fact for fact in Fact}


def _verbs() -> tuple[Any, Any]:
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.cases import services  # noqa: PLC0415

    return services, wiring


def _shown(case: str) -> Coordination:
    from clearinghouse.cases.coordination import coordination  # noqa: PLC0415

    found = coordination(case, actor=LOCAL)
    if found is None:
        raise NotFound(f"no case {case}", advice="`clearinghouse case list` shows the cases")
    return found


def invite(
    case: CaseId,
    party: PartyArgument,
    role: Annotated[list[CaseRole], typer.Option("--role", help="What it is in the case; may be given again.")],
    by: By,
    *,
    line: Annotated[list[str] | None, typer.Option("--line", help="A release line that a vendor supports.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=90, help="How long it may take to answer.")] = 7,
) -> None:
    """Have a party take part. Under an embargo it sees the terms first, and the content once it signed."""
    services, wiring = _verbs()
    consent = services.invite(
        case,
        party,
        role,
        actor=LOCAL.called(by),
        at=wiring.clock(),
        lines=line or ("",),
        wait=timedelta(days=days),
    )
    put_line(f"{case}  {party}: {consent}")


def answer(
    case: CaseId,
    party: PartyArgument,
    by: By,
    yes: Annotated[bool, typer.Option("--yes/--no", help="It signs the embargo, or declines it.")],
) -> None:
    """Write down a participant's answer to the embargo: it signs, or it declines. A late yes is welcome."""
    services, wiring = _verbs()
    consent = services.answer_invitation(case, yes=yes, actor=LOCAL.called(by), at=wiring.clock(), party=party)
    put_line(f"{case}  {party}: {consent}")


def participants(case: CaseId, as_json: AsJson = False) -> None:
    """List who takes part in a case: roles, consent, how far each is, and until when an invitation waits."""
    _verbs()
    from clearinghouse.cases import queries  # noqa: PLC0415

    found = queries.case(case, actor=LOCAL)
    if found is None:
        raise NotFound(f"no case {case}", advice="`clearinghouse case list` shows the cases")
    management = dict(_shown(case).management)
    if as_json:
        for row in found.participants:
            put({**_plain(row), "management": management[row.handle]})
        return
    cells = [
        (r.handle, ", ".join(r.roles), r.consent.replace("_", " "), management[r.handle], _instant(r.rsvp_by))
        for r in found.participants
    ]
    table(("participant", "roles", "consent", "the case is", "answer by"), cells)


@embargo.command("show")
def show(case: CaseId, as_json: AsJson = False) -> None:
    """Show a case's embargo, its end in UTC, what is proposed, the facts and what is to be decided."""
    _verbs()
    found = _shown(case)
    if as_json:
        put(found)
        return
    until = f", until {_instant(found.ends_at)}" if found.ends_at else ""
    put_line(f"{case}  TLP:{found.tlp}  embargo {found.embargo}{until}{f' ({found.terms})' if found.terms else ''}")
    for row in found.proposals:
        turn = "  <- to be decided" if row.turn else ""
        put_line(f"    {row.key}  {row.state}: {row.words}, by {row.by}{turn}")
    put_line(f"facts {found.letters}")
    for line in found.lines:
        put_line(f"    {line.vendor} {line.line}: {line.path}{', trailing' if line.trailing else ''}")
    for question in found.asks:
        put_line(f"to decide: {question}")


@embargo.command("propose")
def propose(
    case: CaseId,
    by: By,
    *,
    preset: Annotated[Preset | None, typer.Option("--preset", help="Terms that the field has names for.")] = None,
    days: Annotated[int | None, typer.Option("--days", min=0, help="A length, counted from --anchor.")] = None,
    anchor: Annotated[Anchor, typer.Option("--anchor", help="What the length counts from.")] = Anchor.REPORT,
    until: Annotated[str | None, typer.Option("--until", help="An instant with its zone: 2026-12-01T14:00Z")] = None,
    because: Because = "",
    party: For = None,
    despite_fix: Annotated[
        bool, typer.Option("--despite-fix", help="Begin although a vendor has a fix; needs --because.")
    ] = False,
) -> None:
    """Propose terms: a preset, a length after an anchor, or an instant. Prints the proposal's key."""
    services, wiring = _verbs()
    given = [name for name, value in (("--preset", preset), ("--days", days), ("--until", until)) if value is not None]
    if len(given) != 1:
        raise UsageError("give one of --preset, --days and --until", advice=f"given: {', '.join(given) or 'none'}")
    terms: Terms | Preset
    if preset is not None:
        terms = preset
    elif until is not None:
        terms = Terms(Anchor.DATE, until=_parsed(until))
    else:
        terms = Terms(anchor, timedelta(days=days or 0))
    key = services.propose_embargo(
        case,
        terms,
        actor=LOCAL.called(by),
        at=wiring.clock(),
        because=because,
        party=party,
        despite_fix=despite_fix,
    )
    put_line(f"{case}  {key}")


@embargo.command("decide")
def decide(
    case: CaseId,
    by: By,
    accept: Annotated[bool, typer.Option("--accept/--reject", help="The terms whose turn it is hold, or not.")],
    proposal: Annotated[str | None, typer.Option("--proposal", help="Refuse to decide any other than this.")] = None,
    because: Because = "",
) -> None:
    """Decide what is proposed: the shortest first, then its revisions from the earliest end on."""
    services, wiring = _verbs()
    services.decide_embargo(
        case, accept=accept, proposal=proposal, because=because, actor=LOCAL.called(by), at=wiring.clock()
    )
    show(case)


@embargo.command("end")
def end(
    case: CaseId,
    by: By,
    because: Annotated[str, typer.Option("--because", help="Why it ends early; kept in the journal.")],
) -> None:
    """End an embargo before its instant."""
    services, wiring = _verbs()
    services.end_embargo(case, because=because, actor=LOCAL.called(by), at=wiring.clock())
    put_line(f"{case}  embargo ended")


def fact(
    case: CaseId,
    letter: Annotated[str, typer.Argument(help="V, F or D of a vendor; P public, X exploit public, A attacks.")],
    by: By,
    *,
    party: For = None,
    line: Annotated[str | None, typer.Option("--line", help="The vendor's release line; all of them without.")] = None,
    because: Because = "",
) -> None:
    """Record that a fact holds, with what follows from it: P and X end an embargo at once."""
    if letter.upper() not in _LETTERS:
        raise UsageError(f"{letter!r} is no fact", advice=", ".join(f"{key} {one}" for key, one in _LETTERS.items()))
    services, wiring = _verbs()
    services.state_fact(
        case,
        _LETTERS[letter.upper()],
        actor=LOCAL.called(by),
        at=wiring.clock(),
        party=party,
        line=line,
        because=because,
    )
    show(case)


def step(
    case: CaseId,
    party: PartyArgument,
    action: Annotated[ManagementStep, typer.Argument(help="validate, invalidate, accept, defer, close")],
    by: By,
    because: Because = "",
) -> None:
    """Write down how far a participant is with the case."""
    services, wiring = _verbs()
    found = services.take_step(case, action, actor=LOCAL.called(by), at=wiring.clock(), party=party, because=because)
    put_line(f"{case}  {party}: {found}")


def message(
    case: CaseId,
    text: Annotated[str, typer.Argument(help="What is said, as plain text; @FILE reads it from a file.")],
    by: By,
    tlp: Annotated[Tlp | None, typer.Option("--tlp", help="A stricter label than the case's.")] = None,
) -> None:
    """Say something to everybody who may read the case."""
    services, wiring = _verbs()
    said = _read(text[1:]) if text.startswith("@") else text
    put_line(f"{case}  {services.post_message(case, said, tlp=tlp, actor=LOCAL.called(by), at=wiring.clock())}")


def merge(
    case: Annotated[str, typer.Argument(help="The case that goes.")],
    into: Annotated[str, typer.Argument(help="The case that stays.")],
    by: By,
    because: Annotated[str, typer.Option("--because", help="Why they are one bug; kept in both journals.")],
) -> None:
    """Merge one case into another. Nobody is shown the other side before signing again; `case split` undoes it."""
    services, wiring = _verbs()
    named = services.merge_cases(case, into, because=because, actor=LOCAL.called(by), at=wiring.clock())
    put_line(f"{named}  holds what {case} held")


def split(
    case: CaseId,
    bundle: Annotated[list[str], typer.Argument(help="Ids of the proofs that are another bug.")],
    by: By,
    because: Annotated[str, typer.Option("--because", help="Why they are another bug; kept in both journals.")],
) -> None:
    """Split proofs off into a case of their own, or back into the one they were merged from."""
    services, wiring = _verbs()
    named = services.split_case(case, bundle, because=because, actor=LOCAL.called(by), at=wiring.clock())
    put_line(f"{named}  holds what was split off {case}")


def register(app: typer.Typer) -> None:
    """Add these commands to `clearinghouse case`."""
    for name, command in (
        ("invite", invite),
        ("answer", answer),
        ("participants", participants),
        ("fact", fact),
        ("step", step),
        ("message", message),
        ("merge", merge),
        ("split", split),
    ):
        app.command(name)(command)
    app.add_typer(embargo, name="embargo")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", advice="name a file that can be read") from None


def _instant(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""


def _parsed(text: str) -> datetime:
    try:
        return utc(datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", text.strip())))
    except ValueError:
        raise UsageError(f"{text!r} is no instant", advice="write 2026-12-01T14:00+00:00") from None


def _plain(value: object) -> dict[str, object]:
    from clearinghouse.cli.output import plain  # noqa: PLC0415

    found: dict[str, object] = plain(value)
    return found
