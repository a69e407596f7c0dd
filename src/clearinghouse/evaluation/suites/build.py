"""Builds a suite: proves each bundle, finds the fix that stands alone, makes tasks, and writes all of it pinned."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path  # noqa: TC003  # a field's type
from typing import TYPE_CHECKING

from clearinghouse.core.errors import InvalidInput, UsageError
from clearinghouse.core.proof import Input, Variant, Verdict
from clearinghouse.core.review.tasks import Family
from clearinghouse.core.verdict import by_key
from clearinghouse.evaluation.suites.format import (
    SUITE_NAME,
    BundleEntry,
    SuiteFile,
    TaskEntry,
    task_digest,
    write_suite,
)
from clearinghouse.evaluation.suites.load import material_of
from clearinghouse.evaluation.suites.material import NO_FIX, Material
from clearinghouse.prover.bundle import Bundle, read_bundle
from clearinghouse.prover.isolate.lead import Progress
from clearinghouse.prover.isolate.search import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from clearinghouse.evaluation.suites.load import Suite
    from clearinghouse.prover.local import LocalProver

LANES = 2
_LEVELS = {Family.FIND: 0, Family.EXPLOIT_CANARY: 1, Family.PATCH: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What suite is asked for: `levels` of reproduce, seconds to search a fix in, most tasks of each kind.

    A kind is a family, with the level for reproduce ("reproduce-1"); `at_most` maps kinds, "" all others, to a number.
    `copied`: bundles are copied into the suite; else it refers to where they are. Tasks of `holdout` are numbered, so
    that their ids say nothing.
    """

    name: str
    version: str = "1"
    families: tuple[Family, ...] = tuple(Family)
    levels: tuple[int, ...] = (1,)
    at_most: Mapping[str, int] = field(default_factory=dict)
    fix_seconds: float = 60.0
    copied: bool = True
    holdout: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A bundle with what proving it showed, and how long that took; `problem`: why no task is made of it."""

    path: Path
    bundle: Bundle
    material: Material
    seconds: float = 0.0
    problem: str = ""
    disclosed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A suite as it was written, and what was left out: bundle or task, and why."""

    file: SuiteFile
    left_out: tuple[tuple[str, str], ...]


def build_suite(
    paths: Sequence[Path], out: Path, wish: Wish, prover: LocalProver, say: Callable[[str], None] = lambda _: None
) -> Built:
    """Build a suite at `out`. What a suite there already says of a bundle with the same id is taken over.

    Raises InvalidBundle, UsageError, or InvalidInput where no task comes of it.
    """
    bundles = [(path, read_bundle(path)) for path in paths]
    ids = [bundle.id for _, bundle in bundles]
    for path, bundle in bundles:
        if ids.count(bundle.id) > 1:
            raise UsageError(f"{path}: this bundle is given twice", advice="name each bundle once")
    known = _known(out)

    def look(item: tuple[Path, Bundle]) -> Seen:
        seen = _look(*item, wish=wish, prover=prover, known=known.get(item[1].id), out=out)
        say(item[0].name)
        return seen

    with ThreadPoolExecutor(LANES) as lanes:
        seen = list(lanes.map(look, bundles))
    left_out = [(item.path.name, item.problem) for item in seen if item.problem]
    chosen, unfit = _tasks([item for item in seen if not item.problem], wish)
    left_out += unfit
    if not chosen:
        reasons = "; ".join(f"{name}: {why}" for name, why in left_out[:5])
        raise InvalidInput(f"no task can be made of these bundles: {reasons}", advice="see which families they fit")
    if wish.holdout:
        chosen = [replace(task, id=f"holdout-{number}") for number, task in enumerate(chosen, start=1)]
    used = {entry.bundle for entry in chosen}
    entries = tuple(_write(item, out, wish) for item in seen if item.bundle.id in used)
    by_id = {entry.id: entry for entry in entries}
    tasks = tuple(replace(task, digest=task_digest(task, by_id[task.bundle])) for task in chosen)
    file = SuiteFile(name=wish.name, version=wish.version, bundles=entries, tasks=tasks, holdout=wish.holdout)
    (out / SUITE_NAME).write_text(write_suite(file), encoding="utf-8")
    return Built(file=file, left_out=tuple(left_out))


def _known(out: Path) -> dict[str, BundleEntry]:
    """What a suite at `out` says of its bundles, whatever else has changed in it."""
    try:
        document = tomllib.loads((out / SUITE_NAME).read_text(encoding="utf-8"))
        return {item["id"]: BundleEntry(**item) for item in document["bundle"]}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _look(path: Path, bundle: Bundle, *, wish: Wish, prover: LocalProver, known: BundleEntry | None, out: Path) -> Seen:
    """Prove a bundle and find its fix, unless that is known."""
    bare = Material(bundle)
    unfit = [bare.unfit(family) for family in wish.families]
    if not {None, NO_FIX} & set(unfit):
        return Seen(path=path, bundle=bundle, material=bare, problem=unfit[0] or "")
    began = time.monotonic()
    if known is not None:
        material = material_of(replace(known, path=str(path.absolute())), out)
        return Seen(path=path, bundle=bundle, material=material, disclosed=known.disclosed)
    result = prover.prove_bundle(bundle)
    seconds = time.monotonic() - began
    if result.verdict is not Verdict.PROVEN:
        problem = f"verdict {result.verdict}: {'; '.join(result.reasons[:2])}"
        return Seen(path=path, bundle=bundle, material=bare, problem=problem)
    row = by_key(result.matrix)[Variant.VULNERABLE, Input.TRIGGER]
    fix = _fix(path, bundle, wish, prover)
    material = Material(bundle, result.function or "", row.signature, fix)
    return Seen(path=path, bundle=bundle, material=material, seconds=seconds)


def _fix(path: Path, bundle: Bundle, wish: Wish, prover: LocalProver) -> bytes:
    """The patch that the bundle brings, else the smallest fix that a search finds in time; b"" for none."""
    if bundle.manifest.patch is not None:
        return bundle.files[bundle.manifest.patch]
    if Family.PATCH not in wish.families or wish.fix_seconds <= 0:
        return b""
    return prover.isolate_path(path, Budget(seconds=wish.fix_seconds), Progress()).patch


def _tasks(seen: Sequence[Seen], wish: Wish) -> tuple[list[TaskEntry], list[tuple[str, str]]]:
    """The tasks of each family, and what was left out."""
    chosen: list[TaskEntry] = []
    left_out = []
    for family in wish.families:
        fit = []
        for item in seen:
            problem = item.material.unfit(family)
            if problem is None:
                fit.append(item)
            else:
                left_out.append((f"{family} {item.path.name}", problem))
        for level in wish.levels if family is Family.REPRODUCE else (_LEVELS[family],):
            kind = kind_of(family, level)
            kept = _spread(fit, wish.at_most.get(kind, wish.at_most.get("")))
            chosen += [
                TaskEntry(id=_id(item, kind), family=family, bundle=item.bundle.id, level=level) for item in kept
            ]
            spare = "there are as many as were asked for"
            left_out += [(f"{kind} {item.path.name}", spare) for item in fit if item not in kept]
    return chosen, left_out


def _spread(fit: Sequence[Seen], most: int | None) -> list[Seen]:
    """At most so many, over as many projects as there are, the quickest of each first; in the order given."""
    if most is None or len(fit) <= most:
        return list(fit)
    turns: dict[str, int] = {}
    order = []
    for item in sorted(fit, key=lambda item: item.seconds):
        project = item.bundle.manifest.target.package
        turns[project] = turns.get(project, 0) + 1
        order.append((turns[project], item.seconds, item.bundle.id))
    kept = {identity for _, _, identity in sorted(order)[:most]}
    return [item for item in fit if item.bundle.id in kept]


def kind_of(family: Family, level: int) -> str:
    """The word for tasks of a family, and for reproduce of a level."""
    return f"{family.value}-{level}" if family is Family.REPRODUCE else family.value


def _id(item: Seen, kind: str) -> str:
    """An id that says what everybody may know: the kind, the target, and the beginning of the bundle's id."""
    name = re.sub(r"[^a-z0-9]+", "-", item.bundle.manifest.target.name.lower()).strip("-")
    return f"{kind}-{name}-{item.bundle.id[:6]}"


def _write(item: Seen, out: Path, wish: Wish) -> BundleEntry:
    """Put a bundle and its fix where the suite will find them."""
    out.mkdir(parents=True, exist_ok=True)
    short = item.bundle.id[:12]
    if wish.copied:
        path = f"bundles/{short}"
        for name, content in item.bundle.files.items():
            place = out / path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    else:
        path = os.path.relpath(item.path, out)
    fix, digest = "", ""
    if item.material.fix:
        fix, digest = f"fixes/{short}.patch", hashlib.sha256(item.material.fix).hexdigest()
        (out / "fixes").mkdir(exist_ok=True)
        (out / fix).write_bytes(item.material.fix)
    return BundleEntry(
        id=item.bundle.id, path=path, function=item.material.function, signature=item.material.signature,
        fix=fix, fix_sha256=digest, disclosed=item.disclosed,
    )  # fmt: skip


def without(suite: Suite, ids: set[str]) -> SuiteFile:
    """Take tasks out of a suite, with the bundles and fixes that no other task needs; writes the new file."""
    tasks = tuple(task for task in suite.file.tasks if task.id not in ids)
    used = {task.bundle for task in tasks}
    for item in suite.file.bundles:
        if item.id not in used:
            _remove(suite.folder, item)
    bundles = tuple(item for item in suite.file.bundles if item.id in used)
    file = replace(suite.file, tasks=tasks, bundles=bundles)
    (suite.folder / SUITE_NAME).write_text(write_suite(file), encoding="utf-8")
    return file


def _remove(folder: Path, item: BundleEntry) -> None:
    """Remove what was put into the suite's folder for a bundle; what it refers to elsewhere stays."""
    if item.fix:
        (folder / item.fix).unlink(missing_ok=True)
    if item.path.startswith("bundles/"):
        shutil.rmtree(folder / item.path, ignore_errors=True)
