"""Loads a suite: everything that it pins is compared with what is there, and its tasks come ready to be tried."""

from __future__ import annotations

import functools
import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  # a field's type
from typing import TYPE_CHECKING

from clearinghouse.core.errors import InvalidBundle, NotFound
from clearinghouse.core.review.tasks import TaskInfo
from clearinghouse.evaluation.judging.judge import Judge
from clearinghouse.evaluation.suites.format import SUITE_NAME, BundleEntry, InvalidSuite, SuiteFile, read_suite
from clearinghouse.evaluation.suites.material import Material
from clearinghouse.evaluation.suites.tasks import SuiteTask
from clearinghouse.prover.bundle import read_bundle
from clearinghouse.prover.cache import cache_folder
from clearinghouse.prover.local import LocalProver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite with its tasks, in the order of its file."""

    name: str
    version: str
    digest: str
    tasks: Sequence[SuiteTask]
    folder: Path
    file: SuiteFile


def own_prover() -> LocalProver:
    """The prover of this machine with its usual cache. Raises SandboxUnavailable."""
    cache = cache_folder()
    return LocalProver(cache, cache / "run")


def load_suite(path: Path, *, prover: Callable[[], LocalProver] = own_prover) -> Suite:
    """The suite in a folder, or in the file `suite.toml`; the prover is made when a task first needs it.

    Raises NotFound, or InvalidSuite where the file breaks its format or a bundle or fix is not the pinned one.
    """
    folder = path.parent if path.name == SUITE_NAME else path
    try:
        text = (folder / SUITE_NAME).read_text(encoding="utf-8")
    except OSError as error:
        raise NotFound(
            f"{folder / SUITE_NAME}: {error.strerror}", advice="name the folder of a suite, or build one"
        ) from None
    except UnicodeDecodeError as error:
        raise InvalidSuite(f"{SUITE_NAME}: not UTF-8 at byte {error.start}") from None
    file = read_suite(text)
    turn, one = threading.Lock(), functools.cache(prover)

    def shared() -> LocalProver:
        with turn:  # several threads may want the first one at once
            return one()

    return suite_of(file, folder, {item.id: material_of(item, folder) for item in file.bundles}, shared)


def suite_of(file: SuiteFile, folder: Path, materials: dict[str, Material], prover: Callable[[], LocalProver]) -> Suite:
    """The suite of a file whose bundles are read already."""
    judging = Judge(prover)
    entries = {item.id: item for item in file.bundles}
    tasks = [
        SuiteTask(
            info=TaskInfo(
                id=entry.id,
                digest=entry.digest,
                family=entry.family,
                level=entry.level,
                project=materials[entry.bundle].bundle.manifest.target.package,
                weaknesses=materials[entry.bundle].bundle.manifest.claim.weakness,
                disclosed=entries[entry.bundle].disclosed,
                holdout=file.holdout or entries[entry.bundle].holdout,
            ),
            material=materials[entry.bundle],
            prover=prover,
            judging=judging,
        )
        for entry in file.tasks
    ]
    for task in tasks:
        problem = task.material.unfit(task.info.family)
        if problem is not None:
            raise InvalidSuite(f"{SUITE_NAME}: {task.info.id} cannot be made of its bundle: {problem}")
    return Suite(name=file.name, version=file.version, digest=file.digest, tasks=tuple(tasks), folder=folder, file=file)


def material_of(entry: BundleEntry, folder: Path) -> Material:
    """A bundle of a suite with its fix, both as pinned. Raises InvalidSuite."""
    try:
        bundle = read_bundle(folder / entry.path)
    except InvalidBundle as error:
        raise InvalidSuite(f"{SUITE_NAME}: bundle {entry.path}: {error.message}") from None
    if bundle.id != entry.id:
        raise InvalidSuite(
            f"{SUITE_NAME}: bundle {entry.path}: its id is {bundle.id}, not the pinned {entry.id}",
            advice="the bundle was changed since the suite was built; restore it, or build the suite again",
        )
    fix = b""
    if entry.fix:
        try:
            fix = (folder / entry.fix).read_bytes()
        except OSError as error:
            raise InvalidSuite(f"{SUITE_NAME}: fix {entry.fix}: {error.strerror}") from None
        if hashlib.sha256(fix).hexdigest() != entry.fix_sha256:
            raise InvalidSuite(f"{SUITE_NAME}: fix {entry.fix}: is not the pinned one", advice="restore it")
    return Material(bundle, entry.function, entry.signature, fix)
