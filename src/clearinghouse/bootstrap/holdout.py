"""Makes a review's private suite: cases are taken, their proofs become tasks, and the room keeps which they are.

The folder is for the operating system's user of the house alone; nothing of it is sent anywhere but, as tasks, to the
model under review.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.core.errors import NotFound
from clearinghouse.core.review.tasks import Family
from clearinghouse.evaluation.suites.build import Wish, build_suite
from clearinghouse.evaluation.suites.joining import join
from clearinghouse.prover.bundle import read_archive
from clearinghouse.reviews import services
from clearinghouse.reviews.holdout import suite_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from clearinghouse.core.visibility import Actor
    from clearinghouse.evaluation.suites.format import SuiteFile
    from clearinghouse.evaluation.suites.load import Suite
    from clearinghouse.prover.local import LocalProver
    from clearinghouse.reviews.services import Picked


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """At most so many cases, tasks of these families, seconds to search a fix in; beside the tasks of `public`."""

    most: int | None = None
    families: tuple[Family, ...] = tuple(Family)
    levels: tuple[int, ...] = (1,)
    fix_seconds: float = 60.0
    public: Suite | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateSuite:
    """A suite as it lies in `folder`; why cases were left out, with how many, and tasks, with why."""

    folder: Path
    file: SuiteFile
    cases_left_out: Mapping[str, int] = field(default_factory=dict)
    tasks_left_out: tuple[tuple[str, str], ...] = ()


def build_holdout(  # what it joins
    review: str,
    wanted: Wanted,
    *,
    evaluations: Path,
    prover: LocalProver,
    actor: Actor,
    clock: Callable[[], datetime],
    say: Callable[[str], None] = lambda _: None,
) -> PrivateSuite:
    """Make the suite, in place of one made before. Raises NotFound where no case can be taken, and as the room says."""
    picked, left_out = services.pick_holdout(review, actor=actor, at=clock(), most=wanted.most)
    if not picked:
        reasons = "; ".join(f"{count}: {why}" for why, count in sorted(left_out.items()))
        raise NotFound(
            f"no case gives a holdout task ({reasons or 'none was let out'})",
            advice="`clearinghouse case review-use` says who lets a case be used",
        )
    place = suite_folder(evaluations, review)
    evaluations.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=evaluations, prefix="suite-") as scratch:  # of mode 0700
        made = Path(scratch) / "made"
        made.mkdir(mode=0o700)
        bundles = [_unpacked(Path(scratch) / f"case-{number}", one) for number, one in enumerate(picked, start=1)]
        wish = Wish(
            name="review", families=wanted.families, levels=wanted.levels, fix_seconds=wanted.fix_seconds, holdout=True
        )
        built = build_suite(bundles, made, wish, prover, say)
        tasks = [
            services.Made(name=task.id, digest=task.digest, family=task.family, bundle=task.bundle)
            for task in built.file.tasks
        ]
        file = join(made, built.file, services.choice_of(picked, tasks), wanted.public)
        projects = {task.info.project for task in wanted.public.tasks} if wanted.public else set()
        services.keep_holdout(
            review, file.digest, picked=picked, tasks=tasks, projects=projects, actor=actor, at=clock()
        )
        shutil.rmtree(place, ignore_errors=True)
        made.replace(place)
    return PrivateSuite(folder=place, file=file, cases_left_out=left_out, tasks_left_out=built.left_out)


def _unpacked(place: Path, one: Picked) -> Path:
    for name, content in read_archive(one.content).files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return place
