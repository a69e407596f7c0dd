"""Admits a task or says why not: its own answer passes, idle ones fail, nothing leaks, the network is off."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.errors import ClearinghouseError
from clearinghouse.core.hunks import Hunk, is_text, split_lines
from clearinghouse.core.review.samples import Outcome
from clearinghouse.core.review.tasks import Family
from clearinghouse.core.unified import unified_diff
from clearinghouse.evaluation.suites.leaks import leaks, secrets_of, tree_leaks
from clearinghouse.prover.builds import NotBuilt
from clearinghouse.prover.runtimes.interface import TREE
from clearinghouse.prover.sandbox.interface import Command, Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from clearinghouse.evaluation.interface import Judgement
    from clearinghouse.evaluation.suites.tasks import SuiteTask
    from clearinghouse.prover.local import LocalProver

TIMES = 3
LANES = 2
_COMMENTS = {".py": b"# nothing\n", ".js": b"// nothing\n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What came of a task: `problems` is empty where it is admitted; how many answers, of TIMES, did as they must."""

    task: str
    problems: tuple[str, ...]
    passed: int
    idle_failed: int
    seconds: float

    @property
    def admitted(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problems


def admit_all(
    tasks: Sequence[SuiteTask], prover: LocalProver, say: Callable[[str], None] = lambda _: None
) -> Iterator[Admission]:
    """Admit tasks, a few at a time, in their order; `say` hears each that is done. Raises SandboxUnavailable."""
    network = network_fault(prover)
    with ThreadPoolExecutor(LANES) as lanes:
        futures = [lanes.submit(admit, task, network) for task in tasks]
        try:
            for future in futures:
                found = future.result()
                say(found.task)
                yield found
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def admit(task: SuiteTask, network: str | None = None) -> Admission:
    """Admit one task; `network` is what is wrong with the sandbox's network, None for nothing."""
    began = time.monotonic()
    problems = [network] if network else []
    passed = idle = 0
    try:
        problems += _leaks(task)
        for _ in range(TIMES):
            judged = task.judge(task.known_answer(1))
            if judged.outcome is not Outcome.PASS:
                problems.append(f"the proof's own answer does not pass: {_words(judged)}")
                break
            passed += 1
        for answer in (None, b"\n", idle_answer(task)):
            judged = task.judge(answer)
            if judged.outcome is not Outcome.FAIL:
                problems.append(f"an idle answer does not fail ({judged.outcome}): {_words(judged)}")
                break
            idle += 1
    except ClearinghouseError as error:
        problems.append(str(error))
    seconds = round(time.monotonic() - began, 1)
    return Admission(task=task.info.id, problems=tuple(problems), passed=passed, idle_failed=idle, seconds=seconds)


def network_fault(prover: LocalProver) -> str | None:
    """What is wrong with the network of the sandbox that judges: it has a loopback of its own and nothing else."""
    outcome = prover.sandbox.run(Command(("/bin/cat", "/proc/net/dev")))
    if outcome.ending is not Ending.EXITED or outcome.code:
        return f"the sandbox's network could not be looked at: {outcome.detail or outcome.ending}"
    names = [line.partition(":")[0].strip() for line in outcome.stdout.decode().splitlines() if ":" in line]
    others = [name for name in names if name != "lo"]
    return f"the sandbox has a network: {', '.join(others)}" if others else None


def idle_answer(task: SuiteTask) -> bytes | None:
    """An answer in good form that does nothing: benign values, or a patch that adds a comment. None: there is none."""
    if task.info.family is not Family.PATCH:
        return task.benign_answer() or None
    builds = task.prover().builds_of(task.material.bundle)
    if isinstance(builds, NotBuilt):
        return None
    folder, own = builds.vulnerable.editable
    for path in sorted(own):
        comment = _COMMENTS.get(path[path.rfind(".") :])
        content = (folder / path).read_bytes() if comment else b""
        if comment and content.endswith(b"\n") and is_text(content):
            end = len(split_lines(content))
            return unified_diff({path: content}, [Hunk(path, end, (), end, (comment,))])
    return None


def _leaks(task: SuiteTask) -> list[str]:
    """What of the solution is in what an agent gets for the task."""
    secrets = secrets_of(task.material, task.info.family, task.info.level)
    offer = task.offer(1)
    given = {"the prompt": offer.prompt.encode(), **offer.files}
    given |= {f"the variable {name}": value.encode() for name, value in offer.environment.items()}
    found = [f"leak: {item}" for item in leaks(secrets, given)]
    found += [f"leak: the task's id holds {item}" for item in secrets.ids if item in task.info.id.lower()]
    builds = task.prover().builds_of(task.material.bundle)
    fixed = None if isinstance(builds, NotBuilt) or builds.fixed is None else builds.fixed.tree
    for inside, folder in offer.trees.items():
        if folder == fixed:
            found.append(f"leak: {inside} is the fixed release")
        elif inside == TREE:
            found += [f"leak: {inside}: {item}" for item in tree_leaks(secrets, folder)]
    return found


def _words(judged: Judgement) -> str:
    return "; ".join(judged.reasons[:3])
