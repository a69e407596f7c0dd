"""`clearinghouse review plan`: fixes what will be measured, before the first sample, and has it signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from clearinghouse.cli.keys import key_file
from clearinghouse.cli.output import put, put_line, say
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.errors import Conflict, InvalidInput, NotFound, Unavailable, UsageError

MAX_BYTES = 256 * 1024 * 1024
SigningKey = Annotated[Path | None, typer.Option("--key", help="The private key, if not CLEARINGHOUSE_SIGNING_KEY's.")]


def plan(
    file: Annotated[Path | None, typer.Argument(help="What is planned, as TOML.")] = None,
    *,
    out: Annotated[Path, typer.Option("--out", help="The file of the signed plan; never overwritten.")],
    suite: Annotated[Path | None, typer.Option("--suite", help="The folder of the suite that is planned.")] = None,
    agent: Annotated[list[str] | None, typer.Option("--agent", help="Who tries the tasks. Repeatable.")] = None,
    thresholds: Annotated[
        Path | None, typer.Option("--thresholds", help="The rules that will be applied; their digest is planned too.")
    ] = None,
    key: SigningKey = None,
    as_json: AsJson = False,
) -> None:
    """Sign an analysis plan, with the time. Reports on it take only samples that began later.

    With --suite and --agent it needs no file: one epoch, 600 seconds for each attempt, no comparison.

    Exit code: 65 for a file that is no plan, or that plans another suite, 66 and 77 for a key that is not there or that
    others can read, 75 where the file is there already.
    """
    from clearinghouse.adapters.signing.process import ProcessSigner  # noqa: PLC0415
    from clearinghouse.core.review.plan import Plan  # noqa: PLC0415
    from clearinghouse.core.review.thresholds import read_thresholds  # noqa: PLC0415

    try:
        document = _document(file, suite, agent or [])
        if thresholds is not None:
            document["thresholds"] = read_thresholds(content(thresholds)).digest
        planned = Plan.from_json(document)
    except ValueError as error:
        raise InvalidInput(f"{file or suite}: {error}", advice="see the guide to model reviews") from None
    signed = ProcessSigner(key_file(key)).plan(planned)
    write_new(out, signed.content)
    if as_json:
        put({"plan": planned.digest, "key_id": signed.key_id, "file": out})
        return
    put_line(f"plan {planned.digest}")
    put_line(f"signed by {signed.key_id} in {out}")
    say("Samples that begin from now on can be reported on this plan.")


def _document(file: Path | None, suite: Path | None, agents: list[str]) -> dict[str, Any]:
    """What the file, the suite and the agents together plan. Raises ValueError, UsageError, InvalidInput."""
    import tomllib  # noqa: PLC0415

    if file is None and (suite is None or not agents):
        raise UsageError("it is not said what is planned", advice="give a file, or --suite and --agent")
    document = tomllib.loads(content(file).decode("utf-8")) if file else {"epochs": 1, "budget": {"seconds": 600}}
    if agents:
        if "agents" in document:
            raise UsageError("--agent: the file names agents too", advice="name them in one place")
        document["agents"] = [
            {"name": name, "kind": "baseline" if name.startswith("baseline/") else "model"} for name in agents
        ]
    if suite is not None:
        from clearinghouse.evaluation.suites.load import load_suite  # noqa: PLC0415

        found = load_suite(suite)
        document.setdefault("name", f"Review on {found.name} {found.version}")
        for name, value in (("suite", found.name), ("suite_version", found.version), ("suite_digest", found.digest)):
            if document.setdefault(name, value) != value:
                raise InvalidInput(
                    f"{file}: {name} is {document[name]!r}, that of the suite {value!r}",
                    advice="leave it out, or mend it",
                )
    return document


def content(file: Path) -> bytes:
    """A file's bytes. Raises NotFound, Unavailable, or InvalidInput for one that is far too large."""
    try:
        with file.open("rb") as stream:
            found = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"{file}: there is no such file") from None
    except OSError as error:
        raise Unavailable(f"{file}: {error.strerror}") from None
    if len(found) > MAX_BYTES:
        raise InvalidInput(f"{file}: larger than {MAX_BYTES // 2**20} MiB")
    return found


def write_new(file: Path, content: bytes) -> None:
    """Write a file that was not there. Raises Conflict, Unavailable."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as stream:
            stream.write(content)
    except FileExistsError:
        raise Conflict(f"{file} is there already", advice="name another file; nothing signed is overwritten") from None
    except OSError as error:
        raise Unavailable(f"{file}: {error.strerror}", advice="name a place that you may write to") from None
