"""`clearinghouse proof …`: begin a bundle, and check one without running anything."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from clearinghouse.cli.output import put, put_line, say
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.errors import Conflict, InvalidBundle, Unavailable, UsageError
from clearinghouse.core.proof import OracleName

if TYPE_CHECKING:
    from enum import StrEnum

    from clearinghouse.prover.bundle import Bundle

EXIT_INVALID = 65
E = TypeVar("E", bound="StrEnum")
app = typer.Typer(help="Write a proof bundle, and check it.", no_args_is_help=True, rich_markup_mode=None)


@app.command("init")
def init(  # noqa: PLR0917  # Typer calls it by names
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    package: Annotated[
        str | None, typer.Option("--package", help="What it is about: a package URL without version, pkg:pypi/NAME.")
    ] = None,
    vulnerable: Annotated[str | None, typer.Option("--vulnerable", help="A release that has the weakness.")] = None,
    fixed: Annotated[str | None, typer.Option("--fixed", help="The release that fixes it, where there is one.")] = None,
    oracle: Annotated[str | None, typer.Option("--oracle", help=f"What must be seen: {', '.join(OracleName)}.")] = None,
    form: Annotated[
        str | None, typer.Option("--form", help="call: your data, our harness (unless given). script: your script.")
    ] = None,
) -> None:
    """Begin a proof bundle: a commented proof.toml that parses, to be filled in. Nothing is overwritten.

    On a terminal, what the options leave open is asked.
    """
    from clearinghouse.core.skeletons import Form, Wish, skeleton  # noqa: PLC0415

    if folder.is_symlink() or (folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))):
        raise Conflict(f"{folder} is there already", advice="name a folder that does not exist, or an empty one")
    if _can_ask() and not (package and vulnerable and oracle):
        package, vulnerable, fixed, oracle, form = _ask(package, vulnerable, fixed, oracle, form)
    options = {"--package": package, "--vulnerable": vulnerable, "--oracle": oracle}
    missing = [option for option, value in options.items() if not value]
    if missing or not (package and vulnerable and oracle):
        raise UsageError(f"not given: {', '.join(missing)}", advice="add them; on a terminal they are asked")
    wish = Wish(
        package=package,
        vulnerable=vulnerable,
        oracle=_one_of(OracleName, oracle, "--oracle"),
        fixed=fixed or None,
        form=_one_of(Form, form or Form.CALL, "--form"),
    )
    try:
        files = skeleton(wish)
    except InvalidBundle as error:
        raise UsageError(f"these options make no bundle: {error}") from None
    _write(folder, files)
    say(f"fill in {folder / 'proof.toml'}; then: clearinghouse proof check {folder} && clearinghouse prove {folder}")


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(*given: str | None) -> tuple[str | None, ...]:
    """The options in order, asking on stderr for those that were not given."""
    from clearinghouse.core.skeletons import ORACLES, Form  # noqa: PLC0415

    package, vulnerable, fixed, oracle, form = given
    package = package or typer.prompt("Package, as pkg:pypi/NAME", err=True)
    vulnerable = vulnerable or typer.prompt("A release that has the weakness", err=True)
    fixed = fixed or typer.prompt("The release that fixes it (empty: none)", default="", show_default=False, err=True)
    if not oracle:
        for name, entry in ORACLES.items():
            say(f"  {name}: {entry.effect}")
        oracle = _choose("What must be seen", OracleName)
    form = form or _choose("Your data (call), or a script of yours (script)", Form, Form.CALL.value)
    return package, vulnerable, fixed, oracle, form


def _choose(question: str, kind: type[StrEnum], default: str | None = None) -> str:
    """Ask until the answer is one of the kind's."""
    while (answer := str(typer.prompt(question, default=default, err=True)).strip()) not in set(kind):
        say(f"one of: {', '.join(kind)}")
    return answer


def _one_of(kind: type[E], value: str, option: str) -> E:
    try:
        return kind(value)
    except ValueError:
        raise UsageError(f"{option} {value}: there is no such", advice=f"use one of: {', '.join(kind)}") from None


def _write(folder: Path, files: dict[str, str]) -> None:
    try:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("x", encoding="utf-8") as stream:
                stream.write(text)
            put_line(str(folder / name))
    except OSError as error:
        raise Unavailable(f"{error.filename}: {error.strerror}", advice="name a folder that you may make") from None


@app.command("check")
def check(
    paths: Annotated[list[Path], typer.Argument(help="Bundles: folders or archives.")], as_json: AsJson = False
) -> None:
    """Read bundles, and say every fault, or the id and what would be proved. Nothing is installed or run.

    Exit code: 65 if there is any fault, else 0.
    """
    from clearinghouse.prover.bundle import read_bundle  # noqa: PLC0415

    good = True
    for path in paths:
        bundle, problems = None, tuple[str, ...]()
        try:
            bundle = read_bundle(path)
        except InvalidBundle as error:
            problems, good = error.problems, False
        if as_json:
            put({"path": path, "id": bundle.id if bundle else None, "problems": problems})
            continue
        if bundle is not None:
            put_line(f"{path}: {bundle.id}  {summary(bundle)}")
        for problem in problems:
            put_line(f"{path}: {problem}")
    if not good:
        raise typer.Exit(EXIT_INVALID)


def summary(bundle: Bundle) -> str:
    """What a bundle would have proved, on one line."""
    from clearinghouse.core.manifest import CallRun  # noqa: PLC0415

    manifest = bundle.manifest
    target = manifest.target
    against = f"{target.vulnerable} against {target.fixed}" if target.fixed else f"{target.vulnerable}, no fix named"
    how = "form 1" if isinstance(manifest.run, CallRun) else "form 2"
    return f"{manifest.oracle.name}, {how}, {target.package} {against}: {manifest.claim.title}"


@app.command("id")
def identity(path: Annotated[Path, typer.Argument(help="A bundle: folder or archive.")]) -> None:
    """Say a bundle's id, and nothing else."""
    from clearinghouse.prover.bundle import read_bundle  # noqa: PLC0415

    put_line(read_bundle(path).id)
