"""Tries candidates: builds the vulnerable release with some hunks applied, runs the proof once, then its control."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from clearinghouse.core.hunks import Hunk, edits_of
from clearinghouse.core.proof import Signal
from clearinghouse.core.touched import parse
from clearinghouse.prover.isolate.benches import Benches
from clearinghouse.prover.isolate.yardstick import Yardstick, given
from clearinghouse.prover.runtimes.interface import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.observation import Observation
    from clearinghouse.prover.runner import Runner

_WORDS = 240


class Outcome(StrEnum):
    """What came of a candidate. Only the first is a fix."""

    SILENT = "silent"  # the proof is silent, and the control gives its usual result
    FIRES = "fires"
    ERROR = "error"  # the proof ended in an error of its own, or otherwise than on the fixed release
    CONTROL = "control"  # the control fires, breaks or gives another result
    TESTS = "tests"  # the bundle's tests fail
    NO_BUILD = "no_build"  # it does not parse, or does not build


@dataclass(frozen=True, slots=True)
class Trying:
    """One tried candidate: what came of it, why, after how many runs and seconds."""

    outcome: Outcome
    reason: str
    runs: int
    seconds: float


class Lab:
    """Tries candidates of one bundle: `old` and `new` are the own files of the two releases, by path."""

    def __init__(
        self,
        runner: Runner,
        vulnerable: Installed,
        *,
        old: Mapping[str, bytes],
        new: Mapping[str, bytes],
        scratch: Path,
    ) -> None:
        self.runner = runner
        self._files = old
        changed = frozenset(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
        self._benches = Benches(runner.runtime, vulnerable, old=old, paths=changed, scratch=scratch)
        sides = {path: [side[path] for side in (old, new) if path in side] for path in changed if path.endswith(".py")}
        self._readable = {path for path, texts in sides.items() if all(parse(text) is not None for text in texts)}

    def close(self) -> None:
        """Remove the trees."""
        self._benches.close()

    def fresh(self, hunks: Sequence[Hunk]) -> AbstractContextManager[Installed]:
        """The vulnerable release with `hunks` applied, in a tree of its own. Raises ProvisionError."""
        return self._benches.fresh(edits_of(self._files, hunks))

    def attempt(self, hunks: Sequence[Hunk], yardstick: Yardstick) -> Trying:
        """Try a candidate: one run of the proof, and if that was silent one of the control and one of the tests."""
        began = time.monotonic()
        broken = self._unreadable(hunks)
        if broken is not None:
            return Trying(Outcome.NO_BUILD, f"{broken} does not parse", 0, time.monotonic() - began)
        try:
            with self._benches.quick(edits_of(self._files, hunks)) as tree:
                outcome, reason, runs = self._judge(tree, yardstick)
        except ProvisionError as error:
            outcome, reason, runs = Outcome.NO_BUILD, error.message, 0
        return Trying(outcome, reason[:_WORDS], runs, time.monotonic() - began)

    def _unreadable(self, hunks: Sequence[Hunk]) -> str | None:
        """The first Python file that parses in both releases and not so: no run is needed to tell."""
        for path, content in edits_of(self._files, hunks).items():
            if path in self._readable and content is not None and parse(content) is None:
                return path
        return None

    def _judge(self, tree: Installed, yardstick: Yardstick) -> tuple[Outcome, str, int]:
        seen = self.runner.run(tree, yardstick.trigger)
        if seen.signal is not Signal.SILENT:
            return (Outcome.FIRES if seen.signal is Signal.FIRED else Outcome.ERROR), seen.signature, 1
        other = self._other(seen, yardstick.trigger_gives)
        if other is not None:
            return Outcome.ERROR, f"silent, but the trigger gives something else than on the fixed release: {other}", 1
        if yardstick.control is not None:
            control = self.runner.run(tree, yardstick.control)
            if control.signal is not Signal.SILENT:
                return Outcome.CONTROL, f"the control: {control.signature}", 2
            other = self._other(control, yardstick.control_gives)
            if other is not None:
                return Outcome.CONTROL, f"the control gives something else than on either release: {other}", 2
        runs = 1 if yardstick.control is None else 2
        if yardstick.tests is not None:
            tests = self.runner.run(tree, yardstick.tests)
            runs += 1
            if tests.signal is not Signal.SILENT:
                return Outcome.TESTS, f"the tests: {tests.signature}", runs
        return Outcome.SILENT, seen.signature, runs

    def _other(self, seen: Observation, usual: frozenset[str] | None) -> str | None:
        """What a run gives, if that is not what it should."""
        gives = given(self.runner, seen)
        return None if usual is None or gives is None or gives in usual else gives
