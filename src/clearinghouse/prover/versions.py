"""Finds the affected releases of a target by running the proof on them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import Refused
from clearinghouse.core.manifest import ScriptRun
from clearinghouse.core.proof import Input, Signal, Variant
from clearinghouse.core.statistics import FIRST_RUNS
from clearinghouse.core.version_order import release_line, version_key
from clearinghouse.core.version_search import Answer, Search, Stretch, affected_stretches
from clearinghouse.formats.osv_ranges import executed_affected
from clearinghouse.prover.builds import Builds
from clearinghouse.prover.prove import measure
from clearinghouse.prover.runner import runner_for
from clearinghouse.prover.runtimes.interface import ProvisionError
from clearinghouse.prover.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from clearinghouse.prover.bundle import Bundle
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.judge_tree import Demands
    from clearinghouse.prover.releases import Release, Releases
    from clearinghouse.prover.runner import Runner
    from clearinghouse.prover.runtimes.interface import Runtime
    from clearinghouse.prover.sandbox.interface import Sandbox

_MOST_REASON = 300


class NotShown(Refused):
    """The proof does not fire on its own vulnerable release, so silence elsewhere would mean nothing."""

    code = "not-shown"
    exit_code = 1


@dataclass(frozen=True, slots=True)
class Tried:
    """One release on which the proof was tried: `k` of `n` runs fired, under `runtime`."""

    version: str
    answer: Answer
    n: int
    k: int
    reason: str
    runtime: str
    yanked: bool = False
    published: str = ""  # RFC 3339, empty where the registry does not say


@dataclass(frozen=True, slots=True)
class Affected:
    """One affected stretch: the proof fired on `first` and `last`; `fixed` is the next release known to be silent.

    `clean_before` is the nearest older release known to be silent; None where none is.
    """

    first: str
    last: str
    fixed: str | None
    clean_before: str | None


@dataclass(frozen=True, slots=True)
class History:
    """What executing a proof on the releases of its target came to. `undecided` are gaps that stayed open."""

    bundle: str
    package: str
    releases: int
    left_out: int  # pre-releases and what is no version at all
    proofs: int
    bound: int
    contiguous: bool  # one affected stretch at most
    affected: tuple[Affected, ...]
    undecided: tuple[tuple[str, str], ...]
    tried: tuple[Tried, ...]
    osv: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The history as plain JSON values."""
        return asdict(self)


@dataclass(slots=True)
class _Site:
    """A runtime on which the proof was seen to fire, ready to try releases."""

    runtime: Runtime
    runner: Runner
    demands: Demands
    printed: bytes | None = None  # what a script's control prints, where the bundle's releases agree on it


def search_versions(
    bundle: Bundle,
    builds: Builds,
    releases: Releases,
    *,
    runtimes: Sequence[Runtime],
    sandbox: Sandbox,
    state: Path,
    everything: bool = False,
    budget: int | None = None,
    say: Callable[[str, int, int], None] = lambda _words, _done, _most: None,
) -> History:
    """Search the releases, under the runtime of `builds`, and where it says nothing of one under `runtimes`.

    `say` hears what is being done, how many releases were tried, and how many it may take. Raises NotShown.
    """
    target = bundle.manifest.target
    listed = releases.releases
    keys = [version_key(release.version, target.ecosystem) for release in listed]
    named = [keys.index(version_key(v, target.ecosystem)) for v in (target.vulnerable, target.fixed) if v is not None]
    lines = [release_line(release.version) for release in listed]
    search = Search(len(listed), [*named, 0, len(listed) - 1], lines, budget, everything)
    most = min(len(listed), budget or len(listed)) if everything or budget else search.bound
    say(f"{target.name} {target.vulnerable}", 0, most)
    trials = _Trials(bundle, builds, runtimes, sandbox, state)
    try:
        tried: dict[int, Tried] = {}
        while (index := search.next()) is not None:
            say(f"{target.name} {listed[index].version}", len(tried), max(most, len(tried) + 1))
            tried[index] = trials.of(listed[index])
            search.record(index, tried[index].answer)
        stretches = affected_stretches(search.answers)
        for index in {edge for stretch in stretches for edge in (stretch.first, stretch.last)}:
            say(f"verifying {target.name} {listed[index].version}", len(tried), len(tried))
            tried[index] = trials.verified(listed[index])
    finally:
        trials.close()
    return _history(bundle, releases, search, stretches, tried)


class _Trials:
    """Tries releases, under the runtime that the bundle's own releases ran on, then under the machine's others."""

    def __init__(
        self, bundle: Bundle, builds: Builds, runtimes: Sequence[Runtime], sandbox: Sandbox, state: Path
    ) -> None:
        self._bundle, self._sandbox, self._state = bundle, sandbox, state
        self._runners: list[Runner] = []
        self._seen: dict[str, tuple[_Site, Installed, Series]] = {}
        first = self._measured(builds)
        if first is None:
            self.close()
            version = bundle.manifest.target.vulnerable
            raise NotShown(
                f"the proof does not fire on {version}, or its control does", advice="run `clearinghouse prove` on it"
            )
        self._sites: dict[str, _Site | None] = {builds.runtime.label: first}
        # Releases that do not run under the first are too old for it or too new: the oldest other, then the newest.
        others = [item for item in runtimes if item.label != builds.runtime.label]
        others.sort(key=lambda item: [int(number) for number in re.findall(r"\d+", item.label)])
        self._runtimes = [builds.runtime, *others[:1], *others[1:][-1:]]

    def close(self) -> None:
        """Remove what was written for the runs."""
        for runner in self._runners:
            runner.close()

    def of(self, release: Release) -> Tried:
        """Try one release: up to the first runtime under which something can be said of it."""
        reasons: list[str] = []
        for runtime in self._runtimes:
            try:
                tree = runtime.install(self._bundle.manifest.target, release.version)
            except ProvisionError as error:
                reasons.append(error.message.partition(": error: ")[0])
                continue
            site = self._site(runtime)
            if site is None:
                continue
            series = Series(Variant.OTHER, Input.TRIGGER, release.version)
            answer, reason = self._tried(site, tree, series)
            if answer is not Answer.UNKNOWN:
                self._seen[release.version] = (site, tree, series)
                return _tried(release, answer, series, reason, runtime.label)
            reasons.append(f"{reason} ({runtime.label})")
        reason = "; ".join(dict.fromkeys(reasons)) or "no runtime here runs it"
        return _tried(release, Answer.UNKNOWN, None, reason, "")

    def verified(self, release: Release) -> Tried:
        """An affected release with as many runs as the vulnerable one had, for the rate at a boundary."""
        site, tree, series = self._seen[release.version]
        while series.n < FIRST_RUNS:
            series.add(site.runner.run(tree, site.demands.trigger))
        return _tried(release, Answer.AFFECTED, series, series.row().signature, site.runtime.label)

    def _tried(self, site: _Site, tree: Installed, series: Series) -> tuple[Answer, str]:
        demands = site.demands
        for _ in range(demands.silent):
            series.add(site.runner.run(tree, demands.trigger))
            if series.k or series.broken:
                break
        if series.broken and not series.k:
            return Answer.UNKNOWN, f"the trigger breaks there: {series.row().signature}"
        problem = self._control_problem(site, tree, silent=not series.k) if demands.control is not None else None
        if problem is not None:
            return Answer.UNKNOWN, f"the control {problem}"
        return (Answer.AFFECTED if series.k else Answer.UNAFFECTED), series.row().signature

    @staticmethod
    def _control_problem(site: _Site, tree: Installed, *, silent: bool) -> str | None:
        """Why what the trigger did says nothing of a release: there the benign input does not do what it should."""
        assert site.demands.control is not None
        seen = site.runner.run(tree, site.demands.control)
        if seen.signal is Signal.FIRED:
            return f"fires there too: {seen.signature}"
        if seen.signal is Signal.BROKEN:
            return f"does not work there: {seen.signature}"
        if not silent:
            return None
        said, expected = seen.facts.report.text or "", site.demands.result or ""
        if expected.startswith("returned ") and said.startswith("raised "):
            return f"does not work there: {said}"
        printed = seen.facts.outcome.stdout
        if site.printed is not None and printed != site.printed:
            return f"prints something else there: {' '.join(printed[:160].decode('utf-8', 'replace').split())}"
        return None

    def _site(self, runtime: Runtime) -> _Site | None:
        """The runtime with what the proof shows under it; None where the bundle's own releases do not run there."""
        if runtime.label not in self._sites:
            target = self._bundle.manifest.target
            self._sites[runtime.label] = None
            try:
                vulnerable = runtime.install(target, target.vulnerable)
                fixed = runtime.install(target, target.fixed) if target.fixed is not None else None
            except ProvisionError:
                return None
            self._sites[runtime.label] = self._measured(Builds(runtime, vulnerable, fixed))
        return self._sites[runtime.label]

    def _measured(self, builds: Builds) -> _Site | None:
        runner = runner_for(self._bundle, builds, self._sandbox, self._state)
        self._runners.append(runner)
        demands = measure(self._bundle, builds, runner)
        if demands is None:
            return None
        return _Site(builds.runtime, runner, demands, self._printed(builds, runner, demands))

    def _printed(self, builds: Builds, runner: Runner, demands: Demands) -> bytes | None:
        """What a script's control prints: a release on which it prints something else is another matter."""
        if not isinstance(self._bundle.manifest.run, ScriptRun) or demands.control is None:
            return None
        trees = [builds.vulnerable, builds.fixed or builds.vulnerable, builds.vulnerable]
        first, *others = [runner.run(tree, demands.control).facts.outcome.stdout for tree in trees]
        return first if first and all(other == first for other in others) else None


def _tried(release: Release, answer: Answer, series: Series | None, reason: str, runtime: str) -> Tried:
    published = release.published.isoformat().replace("+00:00", "Z") if release.published else ""
    n, k = (series.n, series.k) if series is not None else (0, 0)
    return Tried(release.version, answer, n, k, reason[:_MOST_REASON], runtime, release.yanked, published)


def _history(
    bundle: Bundle, releases: Releases, search: Search, stretches: tuple[Stretch, ...], tried: Mapping[int, Tried]
) -> History:
    target = bundle.manifest.target
    versions = [release.version for release in releases.releases]

    def name(index: int | None) -> str | None:
        return None if index is None else versions[index]

    by_answer: dict[Answer, list[str]] = {answer: [] for answer in Answer}
    for _index, item in sorted(tried.items()):
        by_answer[item.answer].append(item.version)
    fired, unknown = by_answer[Answer.AFFECTED], by_answer[Answer.UNKNOWN]
    return History(
        bundle=bundle.id,
        package=target.package,
        releases=len(versions),
        left_out=releases.left_out,
        proofs=len(tried),
        bound=search.bound,
        contiguous=len(stretches) <= 1,
        affected=tuple(Affected(versions[s.first], versions[s.last], name(s.after), name(s.before)) for s in stretches),
        undecided=tuple((versions[low], versions[high]) for low, high in search.open_boundaries()),
        tried=tuple(tried[index] for index in sorted(tried)),
        osv=executed_affected(target.ecosystem, target.name, versions, stretches, fired=fired, unknown=unknown),
    )
