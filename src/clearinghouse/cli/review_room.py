"""`clearinghouse review open|submit|accept|…`: a model review from its submission to its end, on this machine."""

from __future__ import annotations

import json
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  # Typer reads it
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearinghouse.cli.output import put, put_line, say, table
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.errors import InvalidInput, NotFound, Unavailable
from clearinghouse.core.review.guards import Access
from clearinghouse.core.review.seats import ReviewRole  # noqa: TC001  # Typer reads it
from clearinghouse.core.review.window import Planned
from clearinghouse.core.visibility import LOCAL, Actor

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from clearinghouse.reviews.queries import ReviewView

Key = Annotated[str, typer.Argument(metavar="REVIEW", help="A review's key, as `review list` shows it.")]
As = Annotated[str | None, typer.Option("--as", help="The person on whose behalf, by handle; else the coordinator.")]
Who = Annotated[str, typer.Option("--as", help="The person on whose behalf, by handle; the journal says so.")]
Because = Annotated[str, typer.Option("--because", help="The reason; it is kept.")]
Date = Annotated[str | None, typer.Option(help="In UTC, as 2026-06-02 or 2026-06-02T12:00:00Z.")]


def _verbs() -> tuple[ModuleType, Any]:
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.reviews import services  # noqa: PLC0415

    return services, wiring


def _actor(handle: str | None) -> Actor:
    """Whoever is named, with that person's rights and no more; the journal says that it was done at the machine."""
    if handle is None:
        return LOCAL
    from clearinghouse.registry import queries  # noqa: PLC0415

    person = queries.person(handle)
    found = queries.actor_of(person)
    return found.called(f"{found.name}, at the machine")


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no date", advice="write 2026-06-02 or 2026-06-02T12:00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _file(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}", advice="name a file that you may read") from None


def open_review(
    org: Annotated[str, typer.Argument(metavar="ORG", help="Who offers the model, by handle.")],
    model: Annotated[str, typer.Option("--model", help="The model's name, as the report is to name it.")],
    as_: Who,
    *,
    version: Annotated[str, typer.Option("--model-version", help="Its version.")] = "",
    card: Annotated[Path | None, typer.Option("--card", help="A TOML file with the fields of the card.")] = None,
    access: Annotated[Access, typer.Option("--access", help="How the house reaches it.")] = Access.ENDPOINT,
    partners: Date = None,
    public: Date = None,
) -> None:
    """Begin a submission: a draft that only your organisation and the coordinators know of."""
    services, wiring = _verbs()
    try:
        words = tomllib.loads(_file(card).decode()) if card else {}
    except ValueError as error:
        raise InvalidInput(f"{card}: {error}", advice="write a TOML file of texts") from None
    if not all(isinstance(text, str) for text in words.values()):
        raise InvalidInput(f"{card}: a field that is no text", advice="write a TOML file of texts")
    planned = Planned(partners=_instant(partners), public=_instant(public))
    actor = _actor(as_)
    put_line(
        services.open_review(
            org,
            model=model,
            version=version,
            card=words,
            access=access,
            planned=planned,
            actor=actor,
            at=wiring.clock(),
        )
    )


def terms() -> None:
    """Print the terms under which models are reviewed, and on stderr their digest."""
    _verbs()
    from clearinghouse.reviews.queries import terms_now  # noqa: PLC0415

    found = terms_now()
    put_line_each(found.text)
    say(f"digest: {found.digest}")


def put_line_each(text: str) -> None:
    """A text line by line, without control characters."""
    for line in text.splitlines():
        put_line(line)


def submit(
    review: Key,
    as_: Who,
    digest: Annotated[str, typer.Option("--terms", help="The digest of the terms that you accept.")],
) -> None:
    """Hand the submission in, under the terms with that digest."""
    services, wiring = _verbs()
    services.submit(review, terms=digest, actor=_actor(as_), at=wiring.clock())
    put_line(f"{review}  submitted")


def credential(
    review: Key,
    as_: Who,
    *,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take it back instead.")] = False,
) -> None:
    """Keep how the endpoint is reached, sealed: two lines on standard input, its address and the key that opens it."""
    services, wiring = _verbs()
    if revoke:
        services.revoke_credential(review, actor=_actor(as_), at=wiring.clock())
        put_line(f"{review}  credential revoked")
        return
    lines = [line.strip() for line in sys.stdin.read().splitlines() if line.strip()]
    if len(lines) != 2:  # noqa: PLR2004  # two lines
        raise InvalidInput("standard input does not hold two lines", advice="give the address, then the key")
    services.put_credential(
        review, base_url=lines[0], api_key=lines[1], vault=wiring.vault(), actor=_actor(as_), at=wiring.clock()
    )
    put_line(f"{review}  credential sealed")


def appoint(
    review: Key,
    party: Annotated[str, typer.Argument(help="A person or, as observer, an organisation, by handle.")],
    role: Annotated[ReviewRole, typer.Option("--role", help="Its seat in the review.")],
    as_: As = None,
) -> None:
    """Give a party its seat: a lead, a second person, evaluators, observers."""
    services, wiring = _verbs()
    services.appoint(review, party, role, actor=_actor(as_), at=wiring.clock())
    put_line(f"{review}  {party}: {role}")


def plan(review: Key, as_: Who, digest: Annotated[str, typer.Option("--digest", help="Its SHA-256.")]) -> None:
    """Keep the digest of the signed analysis plan, before the first sample."""
    services, wiring = _verbs()
    services.set_plan(review, digest, actor=_actor(as_), at=wiring.clock())
    put_line(f"{review}  plan {digest[:12]}")


def accept(
    review: Key,
    as_: Who,
    opens: Date = None,
    tokens: Annotated[int | None, typer.Option("--tokens", min=1, help="The budget, in tokens.")] = None,
    hours: Annotated[int | None, typer.Option("--hours", min=1, help="The budget, in hours of evaluation.")] = None,
    *,
    tested: Annotated[bool, typer.Option("--access-tested", help="A trial task was answered.")] = False,
) -> None:
    """Say yes to a submission: the lead with window and budget, then the second person. Two people accept."""
    services, wiring = _verbs()
    budget = {name: amount for name, amount in (("tokens", tokens), ("hours", hours)) if amount}
    state = services.accept(
        review,
        actor=_actor(as_),
        at=wiring.clock(),
        opens=_instant(opens),
        budget=budget or None,
        access_tested=tested,
    )
    put_line(f"{review}  {state}")


def decline(review: Key, as_: Who, because: Because) -> None:
    """Do not take a submission; what it held is destroyed."""
    services, wiring = _verbs()
    services.decline(review, because=because, actor=_actor(as_), at=wiring.clock())
    put_line(f"{review}  declined")


def pause(review: Key, as_: Who) -> None:
    """Ask the model nothing for a while; the window goes on."""
    services, wiring = _verbs()
    services.pause(review, actor=_actor(as_), at=wiring.clock())
    put_line(f"{review}  paused")


def resume(review: Key, as_: Who) -> None:
    """Go on after a pause."""
    services, wiring = _verbs()
    services.resume(review, actor=_actor(as_), at=wiring.clock())
    put_line(f"{review}  running")


def close(review: Key, as_: Who) -> None:
    """End access before the window does: evaluations are cancelled, the credential is revoked."""
    services, wiring = _verbs()
    services.close(review, actor=_actor(as_), at=wiring.clock())
    put_line(f"{review}  analysis")


def share(review: Key, as_: Who) -> None:
    """Show the draft to the developer, who has five working days for a comment."""
    services, wiring = _verbs()
    due = services.share(review, actor=_actor(as_), at=wiring.clock())
    put_line(f"{review}  comment by {due:%Y-%m-%d %H:%M} UTC")


def comment(review: Key, text: Annotated[Path, typer.Argument(help="A text file, or -.")], as_: Who) -> None:
    """Comment on the draft report; kept word for word."""
    services, wiring = _verbs()
    words = _file(text).decode("utf-8", "replace")
    services.comment(review, words, actor=_actor(as_), at=wiring.clock())
    put_line(f"{review}  commented")


def finalise(
    review: Key,
    as_: Who,
    digest: Annotated[str, typer.Option("--report", help="The SHA-256 of the report that you say yes to.")],
) -> None:
    """Say yes to the report: final with the second person's yes, and then signed."""
    services, wiring = _verbs()
    put_line(f"{review}  {services.finalise(review, report=digest, actor=_actor(as_), at=wiring.clock())}")


def supersede(review: Key, successor: Annotated[str, typer.Argument(help="The final review.")], as_: Who) -> None:
    """Say that another final review stands in this one's place."""
    services, wiring = _verbs()
    services.supersede(review, successor, actor=_actor(as_), at=wiring.clock())
    put_line(f"{review}  superseded by {successor}")


def planned(review: Key, as_: Who, partners: Date = None, public: Date = None) -> None:
    """Say when the model goes to others: an earlier date ends access earlier, a later one prolongs nothing."""
    services, wiring = _verbs()
    dates = Planned(partners=_instant(partners), public=_instant(public))
    services.plan_release(review, dates, actor=_actor(as_), at=wiring.clock())
    put_line(f"{review}  planned")


def withdraw(review: Key, as_: Who, because: Because = "") -> None:
    """End the review without a report, and destroy at once what it held; the worker signs the receipt."""
    services, wiring = _verbs()
    services.withdraw(review, actor=_actor(as_), at=wiring.clock(), because=because)
    for line in wiring.tend_reviews(wiring.signer()):
        say(line)
    put_line(f"{review}  withdrawn")


def show(review: Key, as_: As = None, *, as_json: AsJson = False) -> None:
    """Show one review, as far as that person may see it."""
    _verbs()
    from clearinghouse.reviews import queries  # noqa: PLC0415

    found = queries.review(review, actor=_actor(as_))
    if found is None:
        raise NotFound(f"no review {review}", advice="`clearinghouse review list` shows those that you take part in")
    if as_json:
        put(_plain(found))
        return
    row = found.row
    put_line(f"{row.key}  {row.model} {row.version}  {row.state}")
    for name, at in (("opens", row.opens_at), ("closes", row.closes_at), ("access ended", row.closed_at)):
        if at is not None:
            put_line(f"{name}: {at:%Y-%m-%d %H:%M:%S} UTC")
    for role, handle in found.people:
        put_line(f"{role}: {handle}")
    for one in found.evaluations:
        put_line(f"evaluation {one.key}: {one.state} {one.suite}")
    if found.report_digest:
        put_line(f"report: {found.report_digest}")


def list_reviews(as_: As = None, *, as_json: AsJson = False) -> None:
    """List the reviews that a person, or the coordinator, may know of."""
    _verbs()
    from clearinghouse.reviews import queries  # noqa: PLC0415

    rows = queries.page(actor=_actor(as_))
    if as_json:
        for row in rows:
            put(row)
        return
    cells = [
        (row.key, row.model, row.state, f"{row.closes_at:%Y-%m-%d %H:%M}" if row.closes_at else "") for row in rows
    ]
    table(("review", "model", "state", "closes, UTC"), cells)


def _plain(found: ReviewView) -> dict[str, Any]:
    report = json.loads(found.report) if found.report else None
    return {
        "review": found.row,
        "people": [{"role": role, "party": handle} for role, handle in found.people],
        "submission": found.submission,
        "evaluations": found.evaluations,
        "plan": found.plan,
        "report": report,
        "report_digest": found.report_digest,
        "statement": found.statement.decode("ascii"),
        "receipt": found.receipt.decode("ascii"),
        "journal": found.journal,
    }


def register(app: typer.Typer) -> None:
    """Add these verbs to `clearinghouse review`."""
    named: dict[str, Callable[..., None]] = {"open": open_review, "list": list_reviews, "set-plan": plan}
    plainly: tuple[Callable[..., None], ...] = (
        terms,
        submit,
        credential,
        appoint,
        accept,
        decline,
        pause,
        resume,
        close,
        share,
    )
    more: tuple[Callable[..., None], ...] = (comment, finalise, supersede, planned, withdraw, show)
    for name, verb in {**named, **{verb.__name__: verb for verb in (*plainly, *more)}}.items():
        app.command(name)(verb)
