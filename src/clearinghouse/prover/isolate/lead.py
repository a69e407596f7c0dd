"""Leads an isolation from two releases to a verified smallest fix, or to the reason why there is none."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from clearinghouse.core.fix import FixStatus, KeptHunk, SmallestFix, TriedCandidate, Verification, ranges
from clearinghouse.core.proof import Environment
from clearinghouse.core.unified import unified_diff
from clearinghouse.prover.isolate.lab import Lab, Outcome, Trying
from clearinghouse.prover.isolate.release_difference import ReleaseDifference, compare
from clearinghouse.prover.isolate.search import Budget, Search, Stopped, Tried
from clearinghouse.prover.isolate.verify import Verifier
from clearinghouse.prover.isolate.yardstick import NotIsolated, set_up
from clearinghouse.prover.runner import runner_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from clearinghouse.core.hunks import Hunk
    from clearinghouse.prover.builds import Builds
    from clearinghouse.prover.bundle import Bundle
    from clearinghouse.prover.sandbox.interface import Sandbox

_VERIFICATIONS = 4  # a cheap run may err; an isolation that fails verification so often is given up


def _quiet(_words: str) -> None:
    """Hear nothing."""


@dataclass(slots=True)
class Progress:
    """What a caller hears and may ask for: `say` each step, `tried` each candidate; `stop` ends the search early."""

    say: Callable[[str], None] = _quiet
    tried: Callable[[Tried, Search], None] = lambda _tried, _search: None
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class _Isolation:
    """One isolation under way; what it has reached is read off when it ends, however it ends."""

    bundle: Bundle
    builds: Builds
    progress: Progress
    search: Search
    difference: ReleaseDifference
    runs: int = 0
    checked: list[TriedCandidate] = field(default_factory=list)
    kept: tuple[Hunk, ...] = ()
    dropped: dict[int, Trying] = field(default_factory=dict)
    verification: Verification | None = None
    environment: Environment = field(default_factory=Environment)


def isolate(
    bundle: Bundle,
    builds: Builds,
    sandbox: Sandbox,
    state: Path,
    *,
    budget: Budget,
    progress: Progress | None = None,
) -> SmallestFix:
    """Reduce the difference of a bundle's releases to a smallest set of hunks that silences its proof.

    An exhausted budget, `progress.stop` or Ctrl-C ends the search; the best set so far is then verified and marked as
    not minimal. A second Ctrl-C ends everything.
    """
    progress = progress or Progress()
    began = time.monotonic()
    target = bundle.manifest.target
    nothing = SmallestFix(bundle.id, target, FixStatus.NOT_ISOLATED)
    if builds.fixed is None:
        return replace(nothing, reason="the bundle names no fixed release; add target.fixed")
    progress.say("comparing the releases")
    found = compare(builds.vulnerable, builds.fixed)
    search = Search(lambda _: Trying(Outcome.ERROR, "", 0, 0.0), budget, stop=progress.stop)
    search.hear = lambda tried: progress.tried(tried, search)
    one = _Isolation(bundle, builds, progress, search, found)
    runner = runner_for(bundle, builds, sandbox, state)
    lab = Lab(runner, builds.vulnerable, old=found.old, new=found.new, scratch=state)
    try:
        status, reason = _lead(one, lab, sandbox, state)
    except NotIsolated as error:
        status, reason = FixStatus.NOT_ISOLATED, str(error)
    finally:
        lab.close()
        runner.close()
    return _record(one, status, reason, time.monotonic() - began)


def _lead(one: _Isolation, lab: Lab, sandbox: Sandbox, state: Path) -> tuple[FixStatus, str]:
    """Measure, search, verify. Raises NotIsolated."""
    if not one.difference.hunks:
        raise NotIsolated(f"no text of the target's own differs between the releases{_binaries(one.difference)}")
    yardstick = set_up(one.bundle, one.builds, lab.runner, one.progress.say)
    one.runs += yardstick.runs
    one.search.attempt = lambda hunks: lab.attempt(hunks, yardstick)
    verifier = Verifier(one.bundle, one.builds, sandbox, state, lab, yardstick, one.progress.say)
    try:
        whole = one.search.whole(one.difference.hunks)
    except (Stopped, KeyboardInterrupt):
        raise NotIsolated("stopped before anything was tried") from None
    if whole.outcome is not Outcome.SILENT:
        words = f"all changes of text together do not do what the fixed release does ({whole.outcome}: {whole.reason})"
        raise NotIsolated(f"{words}{_binaries(one.difference)}")
    return _search_and_verify(one, verifier)


def _search_and_verify(one: _Isolation, verifier: Verifier) -> tuple[FixStatus, str]:
    """Search until a found set stands up to verification. Raises NotIsolated."""
    search, stopped = one.search, ""
    for _ in range(_VERIFICATIONS):
        try:
            if not stopped:
                search.reduce()
        except Stopped:
            stopped = "the budget was used up" if not one.progress.stop.is_set() else "stopped"
        except KeyboardInterrupt:
            stopped = "interrupted"
            one.progress.say("interrupted: verifying the best so far (again to give up)")
        best = search.best
        assert best is not None
        if not _stands(one, verifier, best):
            search.refute(best)
            continue
        one.kept = best
        if stopped:
            return FixStatus.NOT_MINIMAL, f"{stopped} before the search was done"
        one.dropped, smaller = verifier.dropped(best, one.difference.parents)
        _note(one, ((number, trying) for number, trying in one.dropped.items()))
        if smaller is None:
            return FixStatus.ISOLATED, ""
        search.best = tuple(smaller)
    if one.kept:
        return FixStatus.NOT_MINIMAL, "smaller sets were silent in single runs and did not stand up to verification"
    raise NotIsolated(f"no set that was silent in a single run stood up to verification: {_last_words(one)}")


def _stands(one: _Isolation, verifier: Verifier, hunks: Sequence[Hunk]) -> bool:
    """Whether a set passes as a fixed release would; what was seen is kept either way."""
    began = time.monotonic()
    proved, verification = verifier.prove(hunks)
    runs = sum(row.n for row in proved.matrix)
    supports = proved.verdict.supports_the_claim
    words = "; ".join(proved.reasons)
    outcome = Outcome.SILENT.value if supports else proved.verdict.value
    tried = TriedCandidate("verify", _numbers(one, hunks), outcome, words, runs, round(time.monotonic() - began, 2))
    one.checked.append(tried)
    one.runs += runs
    if supports:
        one.verification, one.environment = verification, proved.environment
    return supports


def _last_words(one: _Isolation) -> str:
    return one.checked[-1].reason if one.checked else "nothing was verified"


def _note(one: _Isolation, dropped: Iterable[tuple[int, Trying]]) -> None:
    for number, trying in dropped:
        rest = [hunk for hunk in one.kept if one.difference.parents[hunk] != number]
        numbers, seconds = _numbers(one, rest), round(trying.seconds, 2)
        one.checked.append(TriedCandidate("verify", numbers, trying.outcome.value, trying.reason, trying.runs, seconds))
        one.runs += trying.runs


def _binaries(difference: ReleaseDifference) -> str:
    if not difference.binary:
        return ""
    shown = ", ".join(difference.binary[:3])
    return f"; changed files that are no text, where the fix may lie: {len(difference.binary)} ({shown})"


def _numbers(one: _Isolation, hunks: Iterable[Hunk]) -> str:
    """A set in the record: whole hunks by number, pieces as "9.2"."""
    chosen = set(hunks)
    whole = set(one.difference.hunks)
    numbers = [one.difference.parents[hunk] for hunk in chosen if hunk in whole]
    parts = []
    for number, hunk in enumerate(one.difference.hunks, 1):
        if hunk not in chosen:
            cut = [piece for piece in one.difference.parents if one.difference.parents[piece] == number]
            parts += [f"{number}.{at}" for at, piece in enumerate(cut) if piece in chosen]
    return ",".join(item for item in (ranges(numbers), *parts) if item)


def _record(one: _Isolation, status: FixStatus, reason: str, seconds: float) -> SmallestFix:
    patch = unified_diff(one.difference.old, one.kept)
    tried = [
        TriedCandidate(
            entry.step,
            _numbers(one, entry.hunks),
            entry.trying.outcome.value,
            entry.trying.reason,
            entry.trying.runs,
            round(entry.trying.seconds, 2),
        )
        for entry in one.search.tried
    ]
    return SmallestFix(
        bundle=one.bundle.id,
        target=one.bundle.manifest.target,
        status=status,
        reason=reason,
        files=len({hunk.path for hunk in one.difference.hunks}),
        hunks=len(one.difference.hunks),
        noise=one.difference.noise,
        binary=one.difference.binary,
        kept=_kept(one),
        patch=patch,
        patch_sha256=hashlib.sha256(patch).hexdigest() if patch else "",
        verification=one.verification,
        candidates=(*tried, *one.checked),
        runs=one.runs + one.search.runs,
        seconds=round(seconds, 1),
        environment=one.environment,
    )


def _kept(one: _Isolation) -> tuple[KeptHunk, ...]:
    parents, hunks = one.difference.parents, one.difference.hunks
    found = []
    for number in sorted({parents[hunk] for hunk in one.kept}):
        parts = [hunk for hunk in one.kept if parents[hunk] == number]
        names = dict.fromkeys(name for hunk in parts for name in one.difference.functions(hunk))
        size = sum(hunk.size for hunk in parts)
        dropped = one.dropped.get(number)
        found.append(
            KeptHunk(
                number=number,
                path=parts[0].path,
                line=parts[0].start + 1,
                removed=sum(len(hunk.old) for hunk in parts),
                added=sum(len(hunk.new) for hunk in parts),
                whole=size == hunks[number - 1].size,
                functions=tuple(names),
                without=dropped.outcome.value if dropped else ("fires" if _alone(one) else ""),
            )
        )
    return tuple(found)


def _alone(one: _Isolation) -> bool:
    """Whether a single hunk is the whole fix: without it the release is the vulnerable one, which was seen to fire."""
    return len({one.difference.parents[hunk] for hunk in one.kept}) == 1 and one.verification is not None
