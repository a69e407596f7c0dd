"""`clearinghouse review logs`: what a model did, for its developer."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import Annotated

import typer

from clearinghouse.cli.output import clean, put_line
from clearinghouse.cli.review_plan import write_new
from clearinghouse.cli.review_room import As  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.errors import NotFound


def logs(
    evaluation: Annotated[str, typer.Argument(help="The folder that a run left behind, or an evaluation's key.")],
    agent: Annotated[str, typer.Option("--agent", help="The agent whose logs they are to be.")],
    out: Annotated[Path, typer.Option("--out", help="A new zip file.")],
    as_: As = None,
) -> None:
    """Pack what one agent did, to be handed to its developer: of a holdout task only its number and what came of it.

    Exit code: 66 for no such agent or evaluation, 75 where the file is there already, else 0.
    """
    from clearinghouse.cli.review_carried import folder_at  # noqa: PLC0415
    from clearinghouse.evaluation.log_bundle import log_bundle  # noqa: PLC0415

    folder = folder_at(evaluation, as_)
    names = [one.name for one in folder.evaluation.agents]
    if agent not in names:
        raise NotFound(
            f"--agent {clean(agent)}: {clean(evaluation)} has none of that name",
            advice=f"name one of {', '.join(names)}",
        )
    write_new(out, log_bundle(folder, agent))
    put_line(f"logs of {clean(agent)} in {out}")
