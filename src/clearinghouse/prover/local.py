"""The prover of this machine: the port that the rooms use, and what `clearinghouse prove` calls."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clearinghouse import __version__
from clearinghouse.core.errors import InvalidBundle, Unavailable
from clearinghouse.core.fix import FixStatus, SmallestFix
from clearinghouse.core.manifest import CallRun
from clearinghouse.core.proof import Environment, Grade, ProofResult, Signal, Trial, Verdict
from clearinghouse.prover.builds import NotBuilt, build, runtimes_for
from clearinghouse.prover.bundle import Bundle, read_archive, read_bundle
from clearinghouse.prover.cache import Cache
from clearinghouse.prover.isolate.lead import Progress, isolate
from clearinghouse.prover.prove import prove
from clearinghouse.prover.releases import releases_of
from clearinghouse.prover.runtimes.interface import Workbench
from clearinghouse.prover.sandbox.find import find_sandbox
from clearinghouse.prover.trial import try_on
from clearinghouse.prover.versions import search_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from clearinghouse.prover.builds import Builds
    from clearinghouse.prover.isolate.search import Budget
    from clearinghouse.prover.sandbox.interface import Sandbox
    from clearinghouse.prover.versions import History


def _quiet(_step: str) -> None:
    """Hear nothing."""


class LocalProver:
    """Proves bundles here. `cache` keeps installed targets, `state` what exists only while runs last.

    `checkouts` maps repositories as bundles name them to local git checkouts.

    Raises SandboxUnavailable at once where foreign code cannot be run safely. Safe to use from several threads.
    """

    def __init__(
        self, cache: Path, state: Path, sandbox: Sandbox | None = None, checkouts: Mapping[str, Path] | None = None
    ) -> None:
        self._sandbox = sandbox if sandbox is not None else find_sandbox(state)
        self._workbench = Workbench(Cache(cache), self._sandbox, checkouts or {})

    def _bench(self, bundle: Bundle) -> Workbench:
        """The workbench with the files of the bundle at hand, which a recipe of the finder's may use."""
        return replace(self._workbench, files=bundle.files)

    @property
    def sandbox(self) -> Sandbox:
        """Where this prover runs foreign code."""
        return self._sandbox

    @property
    def isolation(self) -> str:
        """How well runs are shut in here."""
        return self._sandbox.isolation

    def prove(self, bundle: bytes) -> ProofResult:
        """Decide a bundle given as an archive."""
        return self._prove(lambda: read_archive(bundle), _quiet)

    def prove_path(self, path: Path, say: Callable[[str], None] = _quiet) -> ProofResult:
        """Decide the bundle in a folder or archive; `say` hears what is being done."""
        return self._prove(lambda: read_bundle(path), say)

    def prove_bundle(self, bundle: Bundle, say: Callable[[str], None] = _quiet) -> ProofResult:
        """Decide a bundle that was read already."""
        return self._prove(lambda: bundle, say)

    def builds_of(self, bundle: Bundle) -> Builds | NotBuilt:
        """The installed releases of a bundle's target, or why there are none."""
        return build(bundle.manifest, self._bench(bundle))

    def _prove(self, read: Callable[[], Bundle], say: Callable[[str], None]) -> ProofResult:
        say("reading")
        try:
            bundle = read()
        except InvalidBundle as error:
            return _refused(None, Verdict.INVALID, *error.problems)
        say("installing")
        builds = self.builds_of(bundle)
        if isinstance(builds, NotBuilt):
            return _refused(bundle, builds.verdict, builds.reason)
        return prove(bundle, builds, self._sandbox, self._sandbox.scratch / "bundles", say)

    def versions(
        self,
        path: Path,
        say: Callable[[str, int, int], None] = lambda _words, _done, _most: None,
        *,
        everything: bool = False,
        budget: int | None = None,
    ) -> History:
        """Find the affected releases of a bundle's target by running the proof on them.

        Raises InvalidBundle, NotFound, Unavailable, or NotShown where the proof does not fire on its own release.
        """
        bundle = read_bundle(path)
        releases = releases_of(bundle.manifest.target)
        say(f"installing {bundle.manifest.target.name}", 0, 1)
        builds = self.builds_of(bundle)
        if isinstance(builds, NotBuilt):
            raise Unavailable(builds.reason)
        runtimes, state = runtimes_for(bundle.manifest, self._bench(bundle)), self._sandbox.scratch / "bundles"
        return search_versions(
            bundle, builds, releases, runtimes=runtimes, sandbox=self._sandbox, state=state, everything=everything,
            budget=budget, say=say,
        )  # fmt: skip

    def try_on(self, bundle: bytes, version: str) -> Trial:
        """Run a bundle's trigger on another release of its target."""
        try:
            read = read_archive(bundle)
        except InvalidBundle as error:
            return Trial(version, Signal.BROKEN, 0, 0, error.message)
        builds = build(read.manifest, self._bench(read))
        if isinstance(builds, NotBuilt):
            return Trial(version, Signal.BROKEN, 0, 0, builds.reason)
        return try_on(read, builds, version, self._sandbox, self._sandbox.scratch / "bundles")

    def isolate_path(self, path: Path, budget: Budget, progress: Progress) -> SmallestFix:
        """Look for the smallest fix of the bundle in a folder or archive. Raises InvalidBundle."""
        progress.say("reading")
        bundle = read_bundle(path)
        progress.say("installing")
        builds = self.builds_of(bundle)
        if isinstance(builds, NotBuilt):
            target = bundle.manifest.target
            return SmallestFix(bundle.id, target, FixStatus.NOT_ISOLATED, f"{builds.verdict}: {builds.reason}")
        state = self._sandbox.scratch / "bundles"
        return isolate(bundle, builds, self._sandbox, state, budget=budget, progress=progress)


def _refused(bundle: Bundle | None, verdict: Verdict, *reasons: str) -> ProofResult:
    """A verdict that needed no run."""
    grade = None
    if bundle is not None and verdict is not Verdict.INVALID:
        grade = Grade.A if isinstance(bundle.manifest.run, CallRun) else None
    identity = bundle.id if bundle is not None and verdict is not Verdict.INVALID else None
    return ProofResult(
        id=identity, verdict=verdict, grade=grade, reasons=reasons, environment=Environment(prover=__version__)
    )
