"""`clearinghouse review holdout build|show`: tasks that a model cannot have learnt, made of cases of this house."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import Annotated

import typer

from clearinghouse.cli.output import put, put_line, say, table
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.cli.review_room import Key, Who, _actor, _verbs  # Typer reads the annotations
from clearinghouse.core.errors import NotFound
from clearinghouse.core.review.tasks import MAX_LEVEL, Family

app = typer.Typer(help="Tasks that the model cannot have learnt.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Tasks that the model cannot have learnt."""


@app.command("build")
def build(
    review: Key,
    as_: Who,
    *,
    most: Annotated[int | None, typer.Option("--most", min=1, help="Take at most so many cases.")] = None,
    suite: Annotated[Path | None, typer.Option("--with", help="A public suite whose tasks stand beside them.")] = None,
    family: Annotated[
        list[Family] | None, typer.Option("--family", help="Tasks of this family. Repeatable; else of all that fit.")
    ] = None,
    level: Annotated[
        list[int] | None, typer.Option("--level", min=0, max=MAX_LEVEL, help="Levels of reproduce. Repeatable; else 1.")
    ] = None,
    fix_seconds: Annotated[
        float, typer.Option("--fix-seconds", min=0, help="How long to search each fix; 0: not at all.")
    ] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Make the private suite of a review from cases that may be used for it; prints its folder and its digest.

    Exit code: 69 without a sandbox, 66 where no case may be used, 75 once an evaluation was started, else 0.
    """
    _, wiring = _verbs()
    from clearinghouse.bootstrap.holdout import Wanted, build_holdout  # noqa: PLC0415
    from clearinghouse.evaluation.suites.load import load_suite, own_prover  # noqa: PLC0415

    wanted = Wanted(
        most=most,
        families=tuple(dict.fromkeys(family or Family)),
        levels=tuple(sorted(set(level or [1]))),
        fix_seconds=fix_seconds,
        public=load_suite(suite) if suite else None,
    )
    made = build_holdout(
        review,
        wanted,
        evaluations=wiring.settings().evaluations,
        prover=own_prover(),
        actor=_actor(as_),
        clock=wiring.clock,
    )
    holdout = sum(task.id.startswith("holdout-") for task in made.file.tasks)
    if as_json:
        put(
            {
                "folder": str(made.folder), "digest": made.file.digest, "choice": made.file.choice, "holdout": holdout,
                "tasks": len(made.file.tasks), "cases_left_out": dict(made.cases_left_out),
            }
        )  # fmt: skip
        return
    for why, count in sorted(made.cases_left_out.items()):
        say(f"left out: {count} of the cases: {why}")
    put_line(f"{made.folder}: {holdout} holdout tasks of {len(made.file.tasks)}, digest {made.file.digest}")


@app.command("show")
def show(review: Key, as_: Who, *, as_json: AsJson = False) -> None:
    """List a review's holdout tasks: why each was taken, and when it was spent; for those who run the review."""
    _verbs()
    from clearinghouse.reviews.holdout import holdout  # noqa: PLC0415

    rows = holdout(review, actor=_actor(as_))
    if not rows:
        raise NotFound(f"no holdout tasks of a review {review}", advice="`review holdout build` makes them")
    if as_json:
        for row in rows:
            put(row)
        return
    cells = [
        (row.name, row.family, row.case, row.why, f"{row.spent_at:%Y-%m-%d %H:%M}" if row.spent_at else "")
        for row in rows
    ]
    table(("task", "family", "case", "why this task", "spent, UTC"), cells)


def register(to: typer.Typer) -> None:
    """Add the group to `clearinghouse review`."""
    to.add_typer(app, name="holdout")
