"""Puts holdout tasks beside the tasks of a public suite, and binds both to why the former were taken."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from clearinghouse.core.errors import InvalidInput
from clearinghouse.evaluation.suites.format import SUITE_NAME, SuiteFile, write_suite

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.evaluation.suites.load import Suite


def join(folder: Path, file: SuiteFile, choice: str, beside: Suite | None = None) -> SuiteFile:
    """Write the suite in `folder` anew: `choice` (a SHA-256) in its digest, the tasks of another one after its own.

    The other suite's bundles and fixes are copied. Raises InvalidInput where both have a bundle or a task's id.
    """
    bundles = tuple(replace(item, holdout=True) for item in file.bundles)
    tasks = file.tasks
    if beside is not None:
        own = {item.id for item in file.bundles} | {task.id for task in file.tasks}
        if own & ({item.id for item in beside.file.bundles} | {task.id for task in beside.file.tasks}):
            raise InvalidInput(
                "a holdout task rests on a proof of the public suite",
                advice="take another suite, or leave that case out",
            )
        for item in beside.file.bundles:
            short = item.id[:12]
            _copy(beside.folder / item.path, folder / "bundles" / short)
            fix = f"fixes/{short}.patch" if item.fix else ""
            if fix:
                _copy(beside.folder / item.fix, folder / fix)
            bundles += (replace(item, path=f"bundles/{short}", fix=fix),)
        tasks += beside.file.tasks
    joined = replace(file, bundles=bundles, tasks=tasks, holdout=False, choice=choice)
    (folder / SUITE_NAME).write_text(write_suite(joined), encoding="utf-8")
    return joined


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)
