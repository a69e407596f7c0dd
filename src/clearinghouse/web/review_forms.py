"""What can be done on the page of a review: a form for each step, what it says, and how what is sent becomes a call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from clearinghouse.core.errors import UsageError
from clearinghouse.core.review.states import ReviewState, ReviewStep
from clearinghouse.core.review.window import Planned
from clearinghouse.core.visibility import Action
from clearinghouse.reviews import services

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from clearinghouse.core.visibility import Actor
    from clearinghouse.reviews.queries import NextStep, ReviewView

    Taken = Callable[[ReviewView, Mapping[str, str], Actor, datetime], None]

COMMENT = "comment"  # no steps of the machine: the developer's word on the draft,
RELEASE = "release"  # and when its model goes to others
MOST_DIGITS = 15


class Kind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    WORDS = "words"
    INSTANT = "instant"
    NUMBER = "number"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `name` is what is sent, `label` what is read; a needed one stops the browser when it is empty."""

    name: str
    label: str
    kind: Kind
    needed: bool = False
    value: str = ""  # what it is filled in with


@dataclass(frozen=True, slots=True)
class Form:
    """One thing that the reader may do: `does` says what comes of it, before the button."""

    step: str
    title: str
    does: str
    button: str
    fields: tuple[Field, ...] = ()
    lacking: tuple[str, ...] = ()
    agreed: tuple[str, ...] = ()


_REASON = Field("because", "Reason", Kind.WORDS)
_FRAME = (
    Field("opens", "The window opens, UTC", Kind.INSTANT),
    Field("tokens", "Budget, tokens", Kind.NUMBER),
    Field("hours", "Budget, hours", Kind.NUMBER),
    Field("tested", "The access was tested", Kind.CHECK),
)
_FORMS: Mapping[str, Form] = {
    ReviewStep.SUBMIT: Form(
        ReviewStep.SUBMIT,
        "Hand the submission in",
        "The house reads it and answers. You accept the terms below, in exactly this text.",
        "Accept the terms and hand in",
        (Field("accepted", "I accept the terms", Kind.CHECK, needed=True),),
    ),
    ReviewStep.ACCEPT: Form(
        ReviewStep.ACCEPT,
        "Take the submission",
        "Two people say yes: the lead, who sets the window and the budget, and the second person, to the same.",
        "Say yes",
        _FRAME,
    ),
    ReviewStep.DECLINE: Form(
        ReviewStep.DECLINE,
        "Do not take it",
        "What the submission held is destroyed, and the developer gets a signed receipt.",
        "Decline",
        (Field("because", "Reason", Kind.WORDS, needed=True),),
    ),
    ReviewStep.PAUSE: Form(
        ReviewStep.PAUSE,
        "Pause",
        "Attempts under way are finished and judged; then the model is asked nothing. The window goes on.",
        "Pause",
    ),
    ReviewStep.RESUME: Form(ReviewStep.RESUME, "Go on", "Evaluations go on where they stopped.", "Resume"),
    ReviewStep.CLOSE: Form(
        ReviewStep.CLOSE,
        "End access",
        "Access ends now, before the window does. Runs end, the credential is destroyed. It cannot be opened again.",
        "End access",
        (Field("sure", "I am sure", Kind.CHECK, needed=True),),
    ),
    ReviewStep.SHARE: Form(
        ReviewStep.SHARE,
        "Show the draft",
        "The developer reads the draft and has five working days for a comment, which is kept word for word.",
        "Show the draft to the developer",
    ),
    COMMENT: Form(
        COMMENT,
        "Comment on the draft",
        "Your comment stands in the report, word for word.",
        "Send the comment",
        (Field("text", "Comment", Kind.WORDS, needed=True),),
    ),
    RELEASE: Form(
        RELEASE,
        "Say when the model goes to others",
        "An earlier release ends access earlier, at once if it is past. A later one never prolongs the window.",
        "Keep these dates",
        (
            Field("partners", "To trusted partners, UTC", Kind.INSTANT),
            Field("public", "To the public, UTC", Kind.INSTANT),
        ),
    ),
    ReviewStep.FINALISE: Form(
        ReviewStep.FINALISE,
        "Make the report final",
        "Two people say yes to this report, with the comment in it. It is no statement on any release.",
        "Say yes to this report",
    ),
    ReviewStep.WITHDRAW: Form(
        ReviewStep.WITHDRAW,
        "Withdraw",
        "The review ends without a report. Keys, transcripts and files are destroyed within a day, and you get a "
        "signed receipt. Bugs that were found in software that people use stay cases.",
        "Withdraw and destroy",
        (_REASON, Field("sure", "I am sure: it cannot be undone", Kind.CHECK, needed=True)),
    ),
}


def filled(forms: Sequence[Form], step: str, sent: Mapping[str, str]) -> tuple[Form, ...]:
    """The forms, that of the step with what was sent: nobody types it again for an error."""
    return tuple(
        replace(form, fields=tuple(replace(field, value=sent.get(field.name, "")) for field in form.fields))
        if form.step == step
        else form
        for form in forms
    )


def offered(view: ReviewView, steps: Sequence[NextStep]) -> tuple[Form, ...]:
    """The forms that the reader is shown now."""
    forms = []
    for one in steps:
        form = _FORMS.get(one.step)
        if form is None:
            continue
        # The terms are accepted by the form itself.
        lacking = tuple(words for words in one.lacking if one.step is not ReviewStep.SUBMIT or "terms" not in words)
        forms.append(
            Form(form.step, form.title, form.does, form.button, form.fields, lacking, tuple(map(str, one.agreed)))
        )
    if view.row.state is ReviewState.DEVELOPER_COMMENT and Action.OFFER_MODEL in view.may:
        forms.insert(0, _FORMS[COMMENT])
    if view.submission is not None and not view.row.state.over and Action.OFFER_MODEL in view.may:
        dates = {"partners": view.submission.partners_at, "public": view.submission.public_at}
        known = {name: f"{date:%Y-%m-%dT%H:%M}" for name, date in dates.items() if date is not None}
        # Before the withdrawal, which ends everything.
        forms[-1:-1] = filled([_FORMS[RELEASE]], RELEASE, known)
    return tuple(forms)


def take(view: ReviewView, step: str, sent: Mapping[str, str], *, actor: Actor, at: datetime) -> None:
    """Do what a form asks for. Raises UsageError for what was not filled in rightly, and what the room raises."""
    form = _FORMS[step]
    for field in form.fields:
        if field.needed and not sent.get(field.name, "").strip():
            raise UsageError(f"“{field.label}” is not filled in", advice="fill it in, and send the form again")
    _TAKES[step](view, sent, actor, at)


def _submit(view: ReviewView, sent: Mapping[str, str], actor: Actor, at: datetime) -> None:
    services.submit(view.row.key, terms=sent.get("terms", ""), actor=actor, at=at)


def _accept(view: ReviewView, sent: Mapping[str, str], actor: Actor, at: datetime) -> None:
    asked = {name: _number(sent.get(name, ""), name) for name in ("tokens", "hours")}
    budget = {name: amount for name, amount in asked.items() if amount is not None}
    opens, tested = _instant(sent.get("opens", "")), bool(sent.get("tested"))
    services.accept(view.row.key, actor=actor, at=at, opens=opens, budget=budget or None, access_tested=tested)


def _finalise(view: ReviewView, sent: Mapping[str, str], actor: Actor, at: datetime) -> None:
    services.finalise(view.row.key, report=sent.get("report", ""), actor=actor, at=at)


_TAKES: Mapping[str, Taken] = {
    ReviewStep.SUBMIT: _submit,
    ReviewStep.ACCEPT: _accept,
    ReviewStep.FINALISE: _finalise,
    ReviewStep.DECLINE: lambda view, sent, actor, at: services.decline(
        view.row.key, because=sent.get("because", ""), actor=actor, at=at
    ),
    ReviewStep.PAUSE: lambda view, _sent, actor, at: services.pause(view.row.key, actor=actor, at=at),
    ReviewStep.RESUME: lambda view, _sent, actor, at: services.resume(view.row.key, actor=actor, at=at),
    ReviewStep.CLOSE: lambda view, _sent, actor, at: services.close(view.row.key, actor=actor, at=at),
    ReviewStep.SHARE: lambda view, _sent, actor, at: _shared(view, actor, at),
    ReviewStep.WITHDRAW: lambda view, sent, actor, at: services.withdraw(
        view.row.key, actor=actor, at=at, because=sent.get("because", "")
    ),
    RELEASE: lambda view, sent, actor, at: services.plan_release(
        view.row.key,
        Planned(partners=_instant(sent.get("partners", "")), public=_instant(sent.get("public", ""))),
        actor=actor,
        at=at,
    ),
    COMMENT: lambda view, sent, actor, at: services.comment(view.row.key, sent.get("text", ""), actor=actor, at=at),
}


def _shared(view: ReviewView, actor: Actor, at: datetime) -> None:
    services.share(view.row.key, actor=actor, at=at)


def _number(text: str, name: str) -> int | None:
    """A whole number; None where none was given."""
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > MOST_DIGITS:
        raise UsageError(f"the budget's {name} are no whole number", advice="give digits alone")
    return int(text)


def _instant(text: str) -> datetime | None:
    """An instant as a browser sends it, which is without a zone and meant in UTC; None where none was given."""
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UsageError("that is no instant", advice="give it as 2026-06-02T12:00, in UTC") from None
