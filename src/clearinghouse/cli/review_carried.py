"""`clearinghouse review start|status|draft`: an evaluation that the worker carries out, from its start to a draft."""

from __future__ import annotations

import re
from pathlib import Path  # Typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from clearinghouse.cli.output import clean, put, put_line
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.cli.review_room import As, Key, Who, _actor, _file, _verbs
from clearinghouse.core.errors import NotFound, UsageError

if TYPE_CHECKING:
    from clearinghouse.evaluation.store import Folder
    from clearinghouse.reviews.queries import EvaluationView

_KEY = re.compile(r"[0-9a-f]{32}")


def start(
    review: Key,
    as_: Who,
    suite: Annotated[str, typer.Option("--suite", help="The suite's folder; with --digest its name.")],
    *,
    plan: Annotated[Path | None, typer.Option("--plan", help="The signed plan; the worker carries it out.")] = None,
    digest: Annotated[
        str | None, typer.Option("--digest", help="Only note a run that goes on elsewhere: the suite's SHA-256.")
    ] = None,
    prices: Annotated[
        str | None, typer.Option("--prices", help="INPUT,OUTPUT: what a million tokens of each cost.")
    ] = None,
    width: Annotated[int, typer.Option("--width", min=1, max=64, help="Attempts at a time.")] = 2,
) -> None:
    """Start an evaluation in the open window; prints its key. The worker carries out what the signed plan says."""
    services, wiring = _verbs()
    if (plan is None) == (digest is None):
        raise UsageError("what is to be done is not clear", advice="give --plan FILE, or --digest for a run elsewhere")
    actor = _actor(as_)
    if plan is None:
        put_line(services.start(review, suite, digest, actor=actor, at=wiring.clock()))
        return
    from clearinghouse.bootstrap.evaluations import signed_here  # noqa: PLC0415
    from clearinghouse.cli.review_run import _prices  # noqa: PLC0415
    from clearinghouse.evaluation.suites.load import load_suite  # noqa: PLC0415

    content = _file(plan)
    planned = signed_here(content, wiring.settings())
    loaded = load_suite(Path(suite))
    if (loaded.name, loaded.version, loaded.digest) != (planned.suite, planned.suite_version, planned.suite_digest):
        raise UsageError(
            f"--suite {suite}: is {loaded.name} {loaded.version}, {loaded.digest}; not the suite of the plan",
            advice="give the suite that was planned, unchanged",
        )
    cost = _prices(prices)
    if cost is None and planned.budget.cost_micros is not None:
        raise UsageError("the plan has a budget in money: the price of tokens is not known", advice="give --prices")
    order = services.Order(
        suite=str(loaded.folder.absolute()),
        signed_plan=content,
        vault=wiring.vault(),
        width=width,
        prices=(cost.input, cost.output) if cost else None,
    )
    holdout = any(task.info.holdout for task in loaded.tasks)
    put_line(
        services.start(
            review, loaded.name, loaded.digest, actor=actor, at=wiring.clock(), holdout=holdout, order=order,
            plan=planned.digest,
        )
    )  # fmt: skip


def status(review: Key, as_: As = None, *, as_json: AsJson = False) -> None:
    """Show how far the evaluations of a review are, as far as that person may see it."""
    _verbs()
    from clearinghouse.reviews import queries  # noqa: PLC0415

    found = queries.review(review, actor=_actor(as_))
    if found is None:
        raise NotFound(f"no review {review}", advice="`clearinghouse review list` shows those that you take part in")
    if as_json:
        put({"review": review, "state": found.row.state, "evaluations": found.evaluations})
        return
    put_line(f"{review}  {found.row.state}")
    for one in found.evaluations:
        put_line(_words(one))


def _words(one: EvaluationView) -> str:
    """One line on one evaluation."""
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(one.outcomes.items()))
    parts = [f"{one.key}  {one.state}"]
    if one.total:
        parts.append(f"{one.done} of {one.total} judged{f' ({counts})' if counts else ''}")
    parts += [clean(words) for words in (one.suite, one.doing if one.ended_at is None else "", one.trouble) if words]
    return "; ".join(parts)


def draft(
    review: Key,
    as_: Who,
    report: Annotated[Path | None, typer.Argument(help="The report, JSON; or give --evaluation.")] = None,
    *,
    evaluation: Annotated[str | None, typer.Option("--evaluation", help="Make it of this evaluation's files.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="With --evaluation: a new folder for the report.")] = None,
    thresholds: Annotated[Path | None, typer.Option("--thresholds", help="The rules that were planned.")] = None,
    comment: Annotated[Path | None, typer.Option("--comment", help="The developer's comment, verbatim.")] = None,
) -> None:
    """Keep a report as the draft; prints its digest."""
    services, wiring = _verbs()
    actor = _actor(as_)
    if (report is None) == (evaluation is None):
        raise UsageError("there is no one report", advice="give a file, or --evaluation KEY and --out DIR")
    if evaluation is not None:
        if out is None:
            raise UsageError("no place for the report", advice="give --out DIR, a new folder")
        _made(review, evaluation, out, as_, thresholds=thresholds, comment=comment)
        report = out / "report.json"
    assert report is not None
    put_line(services.draft(review, _file(report), actor=actor, at=wiring.clock()))


def folder_at(evaluation: str, as_: str | None) -> Folder:
    """A folder on this disk, or that of an evaluation which the worker carried out, by its key.

    The latter is opened in memory, by the vault, and the journal notes it.
    """
    from clearinghouse.evaluation.store import Folder  # noqa: PLC0415

    if not _KEY.fullmatch(evaluation) or Path(evaluation).exists():
        return Folder.open(Path(evaluation))
    return opened(evaluation, as_)[1]


def opened(evaluation: str, as_: str | None) -> tuple[str, Folder, bytes]:
    """The key of a review, and of its evaluation the folder, open, and the signed plan."""
    services, wiring = _verbs()
    from clearinghouse.evaluation.sealed import Sealed  # noqa: PLC0415
    from clearinghouse.evaluation.store import Folder  # noqa: PLC0415

    review, key, plan = services.files_key(evaluation, vault=wiring.vault(), actor=_actor(as_), at=wiring.clock())
    return review, Folder.open(wiring.settings().evaluations / evaluation, Sealed(key)), plan


def _made(review: str, evaluation: str, out: Path, as_: str, *, thresholds: Path | None, comment: Path | None) -> None:
    """Make the signed report of an evaluation that a worker carried out here; its files are opened in memory."""
    _, wiring = _verbs()
    from clearinghouse.cli.review_report import make_of  # noqa: PLC0415

    of, folder, plan = opened(evaluation, as_)
    if of != review:
        raise NotFound(f"review {review} has no evaluation {evaluation}")
    make_of(folder, plan, out, thresholds=thresholds, comment=comment, key=wiring.settings().key_file)


def register(app: typer.Typer) -> None:
    """Add these verbs to `clearinghouse review`."""
    for verb in (start, status, draft):
        app.command(verb.__name__)(verb)
