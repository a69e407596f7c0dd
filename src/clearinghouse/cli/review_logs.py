"""`clearinghouse review logs`: what a model did, for its developer."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import Annotated

import typer

from clearinghouse.cli.output import clean, put_line
from clearinghouse.cli.review_plan import write_new
from clearinghouse.core.errors import NotFound


def logs(
    evaluation: Annotated[Path, typer.Argument(help="The folder that a run left behind.")],
    agent: Annotated[str, typer.Option("--agent", help="The agent whose logs they are to be.")],
    out: Annotated[Path, typer.Option("--out", help="A new zip file.")],
) -> None:
    """Pack what one agent did, to be handed to its developer: of a holdout task only its number and what came of it.

    Exit code: 66 for no such agent, 75 where the file is there already, else 0.
    """
    from clearinghouse.evaluation.log_bundle import log_bundle  # noqa: PLC0415
    from clearinghouse.evaluation.store import Folder  # noqa: PLC0415

    folder = Folder.open(evaluation)
    names = [one.name for one in folder.evaluation.agents]
    if agent not in names:
        raise NotFound(
            f"--agent {clean(agent)}: {evaluation} has none of that name", advice=f"name one of {', '.join(names)}"
        )
    write_new(out, log_bundle(folder, agent))
    put_line(f"logs of {clean(agent)} in {out}")
