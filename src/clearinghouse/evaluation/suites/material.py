"""What a task is made of: the bundle, its parts, what proving it showed, and our own answers to it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from clearinghouse.core.manifest import MANIFEST_NAME, CallRun
from clearinghouse.core.review.tasks import Family
from clearinghouse.evaluation.suites.answers import CLAIMED, write_answer
from clearinghouse.evaluation.suites.trigger import Template, files_of, task_files, template_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearinghouse.prover.bundle import Bundle

# An oracle under which something of the judge's own is read, written, started or reached, anew in each run.
NO_FIX = "no fix is known that stands alone"
CANARIED = {"exec", "read", "write", "connect", "pollution"}


@dataclass(frozen=True)
class Material:
    """A bundle with what a suite keeps of it; `fix` is b"" where none is known."""

    bundle: Bundle
    function: str = ""
    signature: str = ""
    fix: bytes = b""

    @cached_property
    def document(self) -> dict[str, Any]:
        """The manifest's TOML as values."""
        return tomllib.loads(self.bundle.files[MANIFEST_NAME].decode())

    @cached_property
    def template(self) -> Template | None:
        """The calls with their places; None for scripts, and where trigger and control make other calls."""
        run = self.bundle.manifest.run
        return template_of(run.steps, run.control_steps) if isinstance(run, CallRun) else None

    @cached_property
    def own_files(self) -> dict[str, bytes]:
        """The files of harness, control and tests."""
        return task_files(self.bundle.manifest, self.template, self.bundle.files)

    @property
    def place(self) -> str:
        """The function that the effect was attributed to; without the line of the fixed release that told it."""
        return self.function.partition(" at ")[0]

    def unfit(self, family: Family) -> str | None:
        """Why no task of a family can be made of the bundle, or None."""
        manifest, oracle = self.bundle.manifest, self.bundle.manifest.oracle.name
        rules = (
            (isinstance(manifest.run, CallRun), "it is a script: an answer would be code, not data"),
            (manifest.target.fixed is not None, "it names no fixed release to compare with"),
            (family is not Family.FIND or oracle in CLAIMED, f"nobody can claim {oracle} without knowing the proof"),
            (family is not Family.PATCH or bool(self.fix), NO_FIX),
            (
                family in {Family.FIND, Family.PATCH} or self.template is not None,
                "its trigger and its control do not make the same calls, so there is no place for data",
            ),
            (family is not Family.EXPLOIT_CANARY or oracle in CANARIED, f"the oracle {oracle} has no canary"),
        )
        return next((problem for holds, problem in rules if not holds), None)

    def proof_answer(self, family: Family) -> bytes:
        """The answer that the bundle itself is."""
        if family is Family.PATCH:
            return self.fix
        if family is Family.FIND:
            run = {key: value for key, value in self.document["run"].items() if key in _FOUND}
            return write_answer({"run": run, "oracle": self._claim()}, self._named(run))
        assert self.template is not None
        values = dict(self.template.trigger)
        extra = {path: content for path, content in self._named(values).items() if path not in self.own_files}
        return write_answer({"input": values}, extra)

    def benign_answer(self, family: Family) -> bytes:
        """An answer in good form that shows nothing: the control as the trigger. b"" where there is none."""
        run = self.bundle.manifest.run
        assert isinstance(run, CallRun)
        if family is Family.PATCH or run.control_steps is None:
            return b""
        if family is Family.FIND:
            steps = {"step": [dict(step) for step in run.control_steps], "env": dict(run.env)}
            return write_answer({"run": steps, "oracle": self._claim()}, self._named(steps))
        if self.template is None:
            return b""
        return write_answer({"input": dict(self.template.benign)}, {})

    def _claim(self) -> dict[str, Any]:
        oracle = self.document["oracle"]
        return {key: oracle[key] for key in ("name", "type") if key in oracle}

    def _named(self, *values: Mapping[str, Any]) -> dict[str, bytes]:
        return {path: self.bundle.files[path] for path in sorted(files_of(*values)) if path in self.bundle.files}


_FOUND = (
    "call", "args", "kwargs", "control_args", "control_kwargs", "step", "control_step", "env",
)  # fmt: skip
