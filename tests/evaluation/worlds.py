"""A prover whose releases are made by hand, and tasks about them: the judge is real, no index is asked."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from clearinghouse.core.review.tasks import Family
from clearinghouse.evaluation.suites.format import BundleEntry, SuiteFile, TaskEntry, task_digest
from clearinghouse.evaluation.suites.load import suite_of
from clearinghouse.evaluation.suites.material import Material
from clearinghouse.prover.builds import Builds
from clearinghouse.prover.bundle import from_files
from clearinghouse.prover.local import LocalProver
from tests.prover.targets import VULNERABLE, HandMade

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.evaluation.suites.tasks import SuiteTask
    from clearinghouse.prover.bundle import Bundle
    from clearinghouse.prover.sandbox.interface import Sandbox

MANIFEST = """\
schema = "clearinghouse.proof/1"
[claim]
title = "load() runs code"
aliases = ["CVE-2020-12345"]
weakness = ["CWE-95"]
[target]
package = "pkg:pypi/fake"
vulnerable = "1.0.1"
fixed = "1.0.2"
[run]
call = "fake.load:load"
args = ["__import__('os').system('{{canary.exec}}')"]
control_args = ["1"]
[oracle]
name = "exec"
"""
FIX = VULNERABLE.replace("def load(text):", "def load(text):\n    if 'import' in text:\n        return None").replace(
    "return eval(text)", "import ast\n    return ast.literal_eval(text)"
)


def diff(after: str) -> bytes:
    """The change of the release's one file, as `diff -u` writes it."""
    old, new = VULNERABLE.splitlines(keepends=True), after.splitlines(keepends=True)
    return "".join(difflib.unified_diff(old, new, "a/fake/load.py", "b/fake/load.py")).encode()


class HandMadeProver(LocalProver):
    """The prover of this machine, with releases made by hand."""

    def __init__(self, folder: Path, sandbox: Sandbox, runtime: HandMade) -> None:
        super().__init__(folder / "cache", folder / "state", sandbox)
        self._runtime = runtime

    def builds_of(self, bundle: Bundle) -> Builds:
        """The two releases."""
        target = bundle.manifest.target
        fixed = self._runtime.install(target, target.fixed) if target.fixed else None
        return Builds(self._runtime, self._runtime.install(target, target.vulnerable), fixed)


def tasks_of(prover: LocalProver, folder: Path, manifest: str = MANIFEST) -> dict[Family, SuiteTask]:
    """A task of each family from one bundle."""
    bundle = from_files({"proof.toml": manifest.encode()})
    entry = BundleEntry(id=bundle.id, path="bundle")
    tasks = tuple(TaskEntry(id=family.value, family=family, bundle=bundle.id) for family in Family)
    file = SuiteFile(
        name="small",
        version="1",
        bundles=(entry,),
        tasks=tuple(
            TaskEntry(id=item.id, family=item.family, bundle=item.bundle, digest=task_digest(item, entry))
            for item in tasks
        ),
    )
    material = Material(bundle, "fake.load:load", "the canary executable was started", diff(FIX))
    suite = suite_of(file, folder, {bundle.id: material}, lambda: prover)
    return {task.info.family: task for task in suite.tasks}
