"""Installs exact releases of Python packages, once each, by hash: wheels only, so that no foreign code runs.

A target folder is named by everything that determines it: package, version, companions, interpreter.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.prover.runtimes.interface import ProvisionError
from clearinghouse.prover.runtimes.python.distribution import read_installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearinghouse.core.manifest import Target
    from clearinghouse.prover.cache import Cache
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.runtimes.python.interpreters import Interpreter

_FORMAT = "1"
_TIMEOUT = 300
_NO_SUCH = re.compile(
    r"no solution found|no version of|not found in the package registry|no wheels|no matching", re.IGNORECASE
)
_NO_WHEEL = re.compile(
    r"no wheels? (with|available|are)|has no (usable |compatible )?wheels|no-build|requires-python|"
    r"does not satisfy Python|building (from )?source",
    re.IGNORECASE,
)


def install(cache: Cache, target: Target, version: str, interpreter: Interpreter) -> Installed:
    """The target at `version` with its companions, for an interpreter. Raises ProvisionError."""
    pins = [f"{target.name}=={version}", *(f"{item.name}=={item.version}" for item in target.companions)]
    facts = json.dumps([_FORMAT, pins, interpreter.version, interpreter.build])
    key = f"{target.name}-{version}-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"
    place = cache.root / "targets" / key
    if not (place / "requirements.txt").is_file():
        with cache.lock(key):
            if not (place / "requirements.txt").is_file():
                with cache.workshop(place) as folder:
                    _fill(folder, pins, interpreter)
    return read_installed(place, target.name, version)


def _fill(folder: Path, pins: Sequence[str], interpreter: Interpreter) -> None:
    resolved = folder / "requirements.txt"
    resolved.write_text(resolve(folder, pins, interpreter))
    install_resolved(resolved, folder / "tree", interpreter, pins[0])
    make_readable(folder)


def resolve(folder: Path, wanted: Sequence[str], interpreter: Interpreter, *further: str) -> str:
    """Exact requirements with hashes, wheels alone, for what is wanted; `folder` is scratch. Raises ProvisionError.

    `further` are options of the resolver.
    """
    source, result = folder / "wanted.in", folder / "resolved.txt"
    source.write_text("\n".join(wanted) + "\n")
    _uv(
        ["pip", "compile", *_common(interpreter), *further, "--generate-hashes", "--no-header", "--no-annotate",
         "--no-emit-index-url", "--no-strip-extras", "--output-file", str(result), str(source)],
        wanted[0], interpreter,
    )  # fmt: skip
    text = result.read_text()
    source.unlink()
    result.unlink()
    return text


def install_resolved(resolved: Path, tree: Path, interpreter: Interpreter, what: str) -> None:
    """Put what `resolve` found into the folder `tree`. Raises ProvisionError; `what` serves its message."""
    _uv(
        ["pip", "install", *_common(interpreter), "--require-hashes", "--no-deps", "--compile-bytecode",
         "--link-mode", "copy", "--target", str(tree), "--requirement", str(resolved)],
        what, interpreter,
    )  # fmt: skip


def _common(interpreter: Interpreter) -> tuple[str, ...]:
    # A package-local `uv.toml` or a user's index pins must not change what a proof means: --no-config.
    return ("--quiet", "--no-config", "--only-binary", ":all:", "--python", str(interpreter.executable))


def _uv(arguments: list[str], pin: str, interpreter: Interpreter) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment.setdefault("UV_SYSTEM_CERTS", "true")  # a machine's own authorities, as its other tools use them
    try:
        done = subprocess.run(
            [uv_executable(), *arguments],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise ProvisionError(f"installing {pin} took longer than {_TIMEOUT} s; run again", "infra") from None
    if done.returncode == 0:
        return
    words = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", done.stderr).replace("×", "").replace("╰─▶", "").split())[:600]
    if _NO_WHEEL.search(words):
        raise ProvisionError(f"{pin} has no wheel for {interpreter.label}: {words}", "no_wheel")
    if _NO_SUCH.search(words):
        raise ProvisionError(f"{pin} cannot be resolved for {interpreter.label}: {words}", "no_release")
    raise ProvisionError(f"{pin} could not be fetched (check the network): {words}", "infra")


def uv_executable() -> str:
    """The uv that belongs to this installation, else the one on PATH. Raises ProvisionError."""
    try:
        from uv import find_uv_bin  # noqa: PLC0415  # optional at import time: reading a bundle needs no installer

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
        if found is None:
            raise ProvisionError(
                "uv is not installed; reinstall openclearinghouse with its dependencies", "infra"
            ) from None
        return found


def make_readable(folder: Path) -> None:
    """Runs have another user id: folders 755, files 644 (or 755 where executable)."""
    for parent, folders, files in os.walk(folder):
        for name in folders:
            (Path(parent) / name).chmod(0o755)
        for name in files:
            path = Path(parent) / name
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
