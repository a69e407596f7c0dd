"""Finds the source of a native target: an archive of PyPI's, a tarball of npm's, or a commit of a local checkout."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from clearinghouse.prover.building.index import source_release
from clearinghouse.prover.building.sources import unpacked
from clearinghouse.prover.runtimes.interface import ProvisionError
from clearinghouse.prover.runtimes.native.git_source import export
from clearinghouse.prover.trees import open_to_read

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.core.manifest import Target
    from clearinghouse.prover.cache import Cache
    from clearinghouse.prover.runtimes.interface import Workbench

_NPM_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Source:
    """An unpacked source, and the words that determine it."""

    root: Path
    identity: str


def source_of(workbench: Workbench, target: Target, version: str) -> Source:
    """The source of a target at a version, kept once. Raises ProvisionError."""
    if target.ecosystem == "git":
        return _from_checkout(workbench, target.name, version)
    if target.ecosystem == "npm":
        archive, sha256 = _npm_tarball(workbench.cache, target.name, version)
    else:
        release, archive = source_release(workbench.cache, target.name, version)
        sha256 = release.sha256
    return Source(unpacked(workbench.cache, archive, sha256), f"{target.name} {version}, sha256:{sha256}")


def _from_checkout(workbench: Workbench, repository: str, commit: str) -> Source:
    checkout = workbench.checkouts.get(repository)
    if checkout is None:
        raise ProvisionError(
            f"no checkout of {repository} was given; clone it and say where: --checkout {repository}=PATH",
            "unsupported",
        )
    place = workbench.cache.root / "sources" / commit
    if not place.is_dir():
        with workbench.cache.lock(f"source-{commit}"):
            if not place.is_dir():
                with workbench.cache.workshop(place) as folder:
                    export(checkout, commit, folder)
                    open_to_read(folder)
    return Source(place, f"commit {commit}")


def _npm_tarball(cache: Cache, name: str, version: str) -> tuple[Path, str]:
    """The registry's tarball, its integrity checked by npm, which runs none of its scripts."""
    place = cache.root / "npm" / f"{name.replace('/', '+')}-{version}"
    if not place.is_dir():
        with cache.lock(f"npm-{place.name}"):
            if not place.is_dir():
                with cache.workshop(place) as folder:
                    _pack(folder, f"{name}@{version}")
    tarball = next(place.glob("*.tgz"))
    return tarball, hashlib.sha256(tarball.read_bytes()).hexdigest()


def _pack(folder: Path, package: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ProvisionError("npm is not installed; install Node.js with npm to fetch npm packages", "unsupported")
    with tempfile.TemporaryDirectory() as empty:  # no package.json or .npmrc of this folder's may have a say
        try:
            done = subprocess.run(
                [npm, "pack", package, "--ignore-scripts", "--loglevel=error", "--pack-destination", str(folder)],
                cwd=empty,
                capture_output=True,
                text=True,
                timeout=_NPM_SECONDS,
                check=False,
                env={**os.environ, "npm_config_ignore_scripts": "true", "npm_config_update_notifier": "false"},
            )
        except subprocess.TimeoutExpired:
            raise ProvisionError(f"fetching {package} took longer than {_NPM_SECONDS} s; run again", "infra") from None
    if done.returncode or not any(folder.glob("*.tgz")):
        words = " ".join(done.stderr.split())[:400]
        missing = any(code in words for code in ("E404", "ETARGET"))
        raise ProvisionError(f"{package} cannot be fetched: {words}", "no_release" if missing else "infra")
