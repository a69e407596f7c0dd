"""`clearinghouse case review-use`: whether tasks for model reviews may be made of a case."""

from __future__ import annotations

from typing import Annotated

import typer

from clearinghouse.cli.coordination import Because, CaseId, For  # noqa: TC001  # Typer reads the annotations
from clearinghouse.cli.output import put, put_line
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.errors import NotFound, UsageError
from clearinghouse.core.review.use import ReviewUse  # noqa: TC001  # Typer reads it
from clearinghouse.core.visibility import LOCAL


def review_use(
    case: CaseId,
    *,
    allow: Annotated[ReviewUse | None, typer.Option("--allow", help="What the case may be used for.")] = None,
    party: For = None,
    by: Annotated[str | None, typer.Option("--by", help="The coordinator's name; needed with --allow.")] = None,
    because: Because = "",
    as_json: AsJson = False,
) -> None:
    """Show whether tasks for reviews of models may be made of a case, or say so for the house or a participant."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.cases import services  # noqa: PLC0415
    from clearinghouse.cases.coordination import coordination  # noqa: PLC0415

    if allow is not None:
        if by is None:
            raise UsageError("--allow needs --by", advice="say who decides; it is kept in the journal")
        services.answer_review_use(case, allow, actor=LOCAL.called(by), at=wiring.clock(), because=because, party=party)
    found = coordination(case, actor=LOCAL)
    if found is None or found.review_use is None:
        raise NotFound(f"no case {case}", advice="`clearinghouse case list` shows the cases")
    known = found.review_use
    if as_json:
        put(known)
        return
    put_line(f"{case}  use in model reviews: {known.use}")
    for row in known.answers:
        put_line(f"    {row.party}: {row.use}, {row.at:%Y-%m-%d %H:%M} UTC{'' if row.counts else ' (does not count)'}")
    for one in known.lacking:
        put_line(f"    needed: {one}")


def register(app: typer.Typer) -> None:
    """Add it to `clearinghouse case`."""
    app.command("review-use")(review_use)
