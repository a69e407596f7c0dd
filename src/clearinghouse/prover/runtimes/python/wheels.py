"""Builds wheels from source releases in the sandbox, each once: requirements fetched before, no network while building.

Old releases were written for the build tools of their day: where today's do not build one, older ones are tried.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from clearinghouse.core.manifest_target import normalised
from clearinghouse.prover.building.index import source_release
from clearinghouse.prover.building.sandboxed import Order, build_in
from clearinghouse.prover.building.sources import unpacked
from clearinghouse.prover.runtimes.interface import ProvisionError
from clearinghouse.prover.runtimes.python.harness_copy import harness_for
from clearinghouse.prover.runtimes.python.install import install_resolved, make_readable, resolve
from clearinghouse.prover.runtimes.python.interpreters import INSIDE
from clearinghouse.prover.sandbox.interface import Bind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clearinghouse.prover.building.toolchain import Toolchain
    from clearinghouse.prover.cache import Cache
    from clearinghouse.prover.runtimes.python.interpreters import Interpreter
    from clearinghouse.prover.sandbox.interface import Sandbox

_FORMAT: Final = "1"
_REQUIRES: Final = "/opt/requires"
_HARNESS: Final = "/opt/clearinghouse/clearinghouse_harness"
_LEGACY: Final = ("setuptools.build_meta:__legacy__", ("setuptools>=40.8.0", "wheel"))
_LADDER: Final = ((), ("setuptools<70",), ("setuptools<66",), ("setuptools<58",))
_ROUNDS: Final = 3  # a backend may ask for more, and that for more again
_TOLD: Final = 4000


@dataclass(frozen=True, slots=True)
class Workshop:
    """What wheels are built with: an interpreter, a compiler where there is one, and the sanitizer to build in."""

    cache: Cache
    sandbox: Sandbox
    interpreter: Interpreter
    toolchain: Toolchain | None
    sanitizer: str = "none"

    @property
    def facts(self) -> list[str]:
        """What, beside the source, determines a build."""
        item = self.interpreter
        return [_FORMAT, item.version, item.build, self.toolchain.label if self.toolchain else "", self.sanitizer]


@dataclass(frozen=True, slots=True)
class Built:
    """A wheel with what it was made from, and how, as text; `source` is the unpacked source."""

    wheel: Path
    record: str
    source: Path


def wheel_of(workshop: Workshop, name: str, version: str) -> Built:
    """The wheel of a source release. Raises ProvisionError ("no_wheel": there is no source that fits)."""
    release, archive = source_release(workshop.cache, name, version)
    if not _fits(release.requires_python, workshop.interpreter):
        label = workshop.interpreter.label
        raise ProvisionError(
            f"the source of {name} {version} wants Python {release.requires_python}: no {label}", "no_wheel"
        )
    source = unpacked(workshop.cache, archive, release.sha256)
    return wheel_from(workshop, source, f"{name}-{version}", f"source sha256:{release.sha256}")


def wheel_from(workshop: Workshop, source: Path, name: str, identity: str) -> Built:
    """The wheel of an unpacked source that `identity` determines; `name` serves the names of folders."""
    facts = json.dumps([identity, *workshop.facts])
    place = workshop.cache.root / "built" / f"{name}-{hashlib.sha256(facts.encode()).hexdigest()[:24]}"
    if not place.is_dir():
        with workshop.cache.lock(f"built-{place.name}"):
            if not place.is_dir():
                with workshop.cache.workshop(place) as folder:
                    _climb(workshop, source, folder, identity)
    return _built(place, source)


def build_at(workshop: Workshop, source: Path, place: Path, identity: str) -> Built:
    """The same at the new folder `place`, kept nowhere else."""
    place.mkdir(mode=0o755)
    _climb(workshop, source, place, identity)
    return _built(place, source)


def _built(place: Path, source: Path) -> Built:
    return Built(next((place / "out").glob("*.whl")), (place / "record.txt").read_text(encoding="utf-8"), source)


def _fits(requires_python: str, interpreter: Interpreter) -> bool:
    try:
        return interpreter.version in SpecifierSet(requires_python)
    except InvalidSpecifier:
        return True


@dataclass(frozen=True, slots=True)
class _Backend:
    name: str
    path: tuple[str, ...]
    requires: tuple[str, ...]


def _backend(source: Path) -> _Backend:
    """What the source's pyproject.toml says of its build, with the defaults of PEP 517."""
    try:
        document = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        document = {}
    except (OSError, ValueError) as error:
        raise ProvisionError(f"pyproject.toml of the source cannot be read: {error}", "build_failed") from None
    table = document.get("build-system")
    table = table if isinstance(table, dict) else {}
    requires = _texts(table.get("requires"))
    name = table.get("build-backend")
    path = tuple(part for part in _texts(table.get("backend-path")) if ".." not in part.split("/"))
    if not isinstance(name, str):
        return _Backend(_LEGACY[0], (), requires or _LEGACY[1])
    return _Backend(name, path, requires)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _climb(workshop: Workshop, source: Path, folder: Path, identity: str) -> None:
    """Try one set of build tools after another, each in a fresh sandbox; the first that builds is recorded."""
    trial = _Trial(workshop, source, _backend(source), folder)
    problem: ProvisionError | None = None
    for constraints in _LADDER:
        try:
            resolved = _attempt(trial, constraints)
        except ProvisionError as error:
            if error.kind == "infra":
                raise
            problem = problem or error
            continue
        if resolved is not None:
            compiler = workshop.toolchain.label if workshop.toolchain else "none"
            record = f"{identity}\ncompiler: {compiler}\nsanitizer: {workshop.sanitizer}\nbuilt with:\n{resolved}"
            (folder / "record.txt").write_text(record, encoding="utf-8")
            make_readable(folder)
            return
    assert problem is not None  # the first attempt always tries
    if workshop.toolchain is None:
        raise ProvisionError(f"{problem.message}\n(there is no C compiler on this machine; install gcc)", "unsupported")
    raise ProvisionError(f"under {workshop.interpreter.label}: {problem.message}", "build_failed")


@dataclass(frozen=True, slots=True)
class _Trial:
    """What does not change from one attempt to the next, and what was tried."""

    workshop: Workshop
    source: Path
    backend: _Backend
    folder: Path
    tried: set[str] = field(default_factory=set)


def _attempt(trial: _Trial, constraints: Sequence[str]) -> str | None:
    """Build with one set of tools into the folder's `out`: the requirements that did it; None if they were tried."""
    workshop, source, backend, folder = trial.workshop, trial.source, trial.backend, trial.folder
    asked: tuple[str, ...] = ()
    for round_number in range(_ROUNDS):
        wanted = [*backend.requires, *asked]
        resolved = _resolved(folder, wanted, constraints, workshop.interpreter)
        if resolved in trial.tried and asked:
            raise ProvisionError(f"the backend asks for what it has: {', '.join(asked)}", "build_failed")
        if resolved in trial.tried:
            return None
        trial.tried.add(resolved)
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        order = _order(workshop, source, backend, resolved, last=round_number == _ROUNDS - 1)
        build_in(workshop.sandbox, order, out)
        if any(out.glob("*.whl")):
            return resolved
        asked = (*asked, *_needs(out))
    raise ProvisionError("the backend asks for ever more requirements", "build_failed")


def _needs(out: Path) -> tuple[str, ...]:
    """What the backend asked for beside what its pyproject.toml names."""
    try:
        needs = _texts(json.loads((out / "needs.json").read_bytes()[:_TOLD]))
    except (OSError, ValueError):
        needs = ()
    # A line of a requirements file can be an option or a path: only plain names with a version may pass.
    plain = [item for item in needs if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._\[\]<>=!~, *-]*", item)]
    if not plain:
        raise ProvisionError("the build left no wheel", "build_failed")
    return tuple(plain)


def _resolved(folder: Path, wanted: Sequence[str], constraints: Sequence[str], interpreter: Interpreter) -> str:
    if not wanted:
        return ""
    limits = folder / "constraints.txt"
    limits.write_text("".join(f"{line}\n" for line in constraints))
    try:
        return resolve(folder, wanted, interpreter, "--constraint", str(limits))
    except ProvisionError as error:
        kind = "infra" if error.kind == "infra" else "build_failed"
        raise ProvisionError(f"its build requirements cannot be had: {error.message}", kind) from None
    finally:
        limits.unlink()


def _order(workshop: Workshop, source: Path, backend: _Backend, resolved: str, *, last: bool) -> Order:
    interpreter = workshop.interpreter
    tools = _tools(workshop, resolved)
    binds = [Bind(tools, _REQUIRES), Bind(harness_for(workshop.cache, interpreter), _HARNESS)]
    if not interpreter.is_system:
        binds.append(Bind(interpreter.prefix, INSIDE))
    environment = {
        "PATH": f"{_REQUIRES}/bin:{Path(interpreter.inside).parent}:/usr/bin:/bin",
        "PYTHONPATH": _REQUIRES,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
    }
    if interpreter.library_path:
        environment["LD_LIBRARY_PATH"] = interpreter.library_path
    if workshop.toolchain is not None:
        environment |= workshop.toolchain.environment(workshop.sanitizer, shared=True)
    job = {"backend": backend.name, "path": list(backend.path), "have": sorted(_names(resolved)), "last": last}
    argv = (interpreter.inside, f"{_HARNESS}/wheel.py", json.dumps(job))
    return Order(source, argv, environment, tuple(binds), mask=interpreter.site_folders)


def _names(resolved: str) -> Iterator[str]:
    for line in resolved.splitlines():
        if found := re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==", line):
            yield normalised(found[1])


def _tools(workshop: Workshop, resolved: str) -> Path:
    """The folder with the build requirements, installed from their wheels, once."""
    facts = json.dumps([_FORMAT, resolved, workshop.interpreter.version, workshop.interpreter.build])
    place = workshop.cache.root / "tools" / hashlib.sha256(facts.encode()).hexdigest()[:24]
    if not place.is_dir():
        with workshop.cache.lock(f"tools-{place.name}"):
            if not place.is_dir():
                with workshop.cache.workshop(place) as folder:
                    _install_tools(folder, resolved, workshop.interpreter)
    return place / "tree"


def _install_tools(folder: Path, resolved: str, interpreter: Interpreter) -> None:
    tree = folder / "tree"
    tree.mkdir()
    if resolved:
        listed = folder / "requirements.txt"
        listed.write_text(resolved)
        install_resolved(listed, tree, interpreter, "the build requirements")
    for script in (tree / "bin").glob("*"):
        # Their first line names the interpreter as this host knows it; a build knows it by another path.
        content = script.read_bytes()
        if content.startswith(b"#!") and b"python" in content.partition(b"\n")[0]:
            script.write_bytes(f"#!{interpreter.inside}\n".encode() + content.partition(b"\n")[2])
    make_readable(folder)
