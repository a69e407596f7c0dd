"""`clearinghouse review logs`: what a model did, for its developer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearinghouse.cli.output import clean, put_line
from clearinghouse.cli.review_plan import write_new
from clearinghouse.cli.review_room import As, _actor, _verbs  # Typer reads the annotations
from clearinghouse.core.errors import NotFound

if TYPE_CHECKING:
    from clearinghouse.evaluation.store import Folder

_KEY = re.compile(r"[0-9a-f]{32}")


def logs(
    evaluation: Annotated[str, typer.Argument(help="The folder that a run left behind, or an evaluation's key.")],
    agent: Annotated[str, typer.Option("--agent", help="The agent whose logs they are to be.")],
    out: Annotated[Path, typer.Option("--out", help="A new zip file.")],
    as_: As = None,
) -> None:
    """Pack what one agent did, to be handed to its developer: of a holdout task only its number and what came of it.

    Exit code: 66 for no such agent or evaluation, 75 where the file is there already, else 0.
    """
    from clearinghouse.evaluation.log_bundle import log_bundle  # noqa: PLC0415

    folder = _folder(evaluation, as_)
    names = [one.name for one in folder.evaluation.agents]
    if agent not in names:
        raise NotFound(
            f"--agent {clean(agent)}: {clean(evaluation)} has none of that name",
            advice=f"name one of {', '.join(names)}",
        )
    write_new(out, log_bundle(folder, agent))
    put_line(f"logs of {clean(agent)} in {out}")


def _folder(evaluation: str, as_: str | None) -> Folder:
    """A folder on this disk, or that of an evaluation which the worker carried out, opened in memory."""
    from clearinghouse.evaluation.store import Folder  # noqa: PLC0415

    if not _KEY.fullmatch(evaluation) or Path(evaluation).exists():
        return Folder.open(Path(evaluation))
    services, wiring = _verbs()
    from clearinghouse.evaluation.sealed import Sealed  # noqa: PLC0415

    _, key, _ = services.files_key(evaluation, vault=wiring.vault(), actor=_actor(as_), at=wiring.clock())
    return Folder.open(wiring.settings().evaluations / evaluation, Sealed(key))
