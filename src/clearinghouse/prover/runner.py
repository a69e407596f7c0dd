"""Runs one bundle once: builds the stand, starts the sandbox, reads what was seen, has the oracle judge it."""

from __future__ import annotations

import contextlib
import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse.core.growth import nearly, quietest
from clearinghouse.core.manifest import CallRun, Manifest, ScriptRun
from clearinghouse.core.manifest_run import SIZED
from clearinghouse.core.proof import Input, OracleName, Signal
from clearinghouse.core.steps import uses_size
from clearinghouse.prover.attribution import attribute
from clearinghouse.prover.decoy import Decoy
from clearinghouse.prover.door import Door
from clearinghouse.prover.memory import peak_of
from clearinghouse.prover.observation import Facts, Observation, log_of, parse_report
from clearinghouse.prover.oracles import JUDGED_BY_REPORT, costs_of, judge, judge_tests
from clearinghouse.prover.runtimes.interface import OTHER, WarmRuntime
from clearinghouse.prover.sandbox.interface import HOME, Bind, Command, Limits
from clearinghouse.prover.sanitizers import own_function
from clearinghouse.prover.stand import Stand
from clearinghouse.prover.warm import SUITABLE, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from clearinghouse.core.growth import Cost
    from clearinghouse.prover.builds import Builds
    from clearinghouse.prover.bundle import Bundle
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.runtimes.interface import Runtime, Start
    from clearinghouse.prover.sandbox.interface import Outcome, Sandbox

# An effect may be left to a process that nobody waits for.
_LINGER_SECONDS = 1.0
_LINGERING = {OracleName.EXEC, OracleName.WRITE, OracleName.READ, OracleName.CONNECT}
_LEAST_STOP = 2.0  # CPU seconds that one size may take before it is stopped
_STOP_BUDGETS = 4.0
_FRESH_MEASURES = 2  # more, where noise may hide a growth
_FIRST_SIZE, _LAST_SIZE = 16, 2**22
_START_SECONDS = 30.0  # for a warm start, and for what is done between its forks
_IMPORT_SECONDS = 8.0  # CPU allowed for starting and importing, beside what the clock counts


@dataclass(frozen=True, slots=True)
class Plan:
    """How one run differs from the next: the input, and for cpu what to stop at and which sizes to try."""

    input: Input = Input.TRIGGER
    sizes: tuple[int, ...] = ()
    until: float = 0.0  # stop going up in size once one took this long
    stop_after: float = 0.0  # CPU seconds at which a single size is stopped
    reference: float | None = None
    idle: bool = False  # form 1: import what the steps name, and do none of them
    compare: Path | None = None  # tree of another release, to name the changed functions that the run entered


class Runner:
    """Runs one bundle's proof against installed trees. Keeps a folder with its files until closed."""

    def __init__(
        self, sandbox: Sandbox, *, manifest: Manifest, files: Mapping[str, bytes], runtime: Runtime, state: Path
    ) -> None:
        self.manifest = manifest
        self.runtime = runtime
        self._sandbox = sandbox
        self._bases: dict[Path, float] = {}
        self._files = files
        state.mkdir(parents=True, exist_ok=True)
        self._folder = tempfile.TemporaryDirectory(prefix="bundle.", dir=state)
        root = Path(self._folder.name)
        root.chmod(0o711)
        self._plain = root / "files"
        self._templates = any(path.endswith(".tmpl") for path in files)
        self._write_files(self._plain, None)

    def changed(self, run: CallRun | ScriptRun, files: Mapping[str, bytes]) -> Runner:
        """Another runner for the same proof with another input, some files replaced; the caller closes it."""
        return Runner(
            self._sandbox,
            manifest=replace(self.manifest, run=run),
            files={**self._files, **files},
            runtime=self.runtime,
            state=self.state,
        )

    def close(self) -> None:
        """Remove what was written for the runs."""
        self._folder.cleanup()

    @property
    def state(self) -> Path:
        """Where what lasts as long as this runner is kept."""
        return Path(self._folder.name).parent

    @property
    def limits(self) -> Limits:
        """The ceilings of each run."""
        wall = self.manifest.wall_seconds
        return Limits(wall_seconds=wall, cpu_seconds=wall, memory_mib=self.manifest.memory_mib)

    @property
    def sized(self) -> bool:
        """Whether the oracle measures a growth law rather than a ratio."""
        run = self.manifest.run
        return self.manifest.oracle.name in SIZED and isinstance(run, CallRun) and uses_size(run.steps)

    def first_plan(self) -> Plan:
        """How the trigger runs while there is nothing to compare its cost with."""
        oracle = self.manifest.oracle
        if oracle.name is OracleName.MEMORY:
            return Plan(sizes=self.ladder(), until=oracle.budget_mib) if self.sized else Plan()
        if oracle.name is not OracleName.CPU:
            return Plan()
        if not self.sized:
            return Plan(stop_after=2 * oracle.budget_seconds)
        stop = max(_LEAST_STOP, _STOP_BUDGETS * oracle.budget_seconds)
        return Plan(sizes=self.ladder(), until=oracle.budget_seconds, stop_after=stop)

    def ladder(self) -> tuple[int, ...]:
        """The sizes to go up: the finder's own, or doubling from small."""
        if self.manifest.oracle.sizes:
            return self.manifest.oracle.sizes
        sizes = []
        size = _FIRST_SIZE
        while size <= _LAST_SIZE:
            sizes.append(size)
            size *= 2
        return tuple(sizes)

    def run(self, tree: Installed, plan: Plan) -> Observation:
        """One run, judged; for memory by size, one run for each size, judged together."""
        if self.manifest.oracle.name is OracleName.MEMORY and plan.input is not Input.TESTS:
            return self._judged(self._weigh(tree, plan), plan)
        return self._measured(self._judged(self._facts(tree, plan), plan), tree, plan)

    def _measured(self, seen: Observation, tree: Installed, plan: Plan) -> Observation:
        """A growth law that was missed by the growth alone: measured afresh up to twice, by the least of each size."""
        oracle, done = self.manifest.oracle, [seen.facts]
        if oracle.name is not OracleName.CPU:
            return seen
        for _ in range(_FRESH_MEASURES):
            if seen.signal is not Signal.SILENT or not nearly(seen.facts.report.costs, oracle.budget_seconds):
                break
            done.append(self._facts(tree, plan))
            if not done[-1].finished:
                break
            furthest = max(done, key=lambda facts: len(facts.report.costs))
            costs = quietest([facts.report.costs for facts in done])
            facts = replace(furthest, report=replace(furthest.report, costs=costs), warm=seen.facts.warm)
            seen = self._judged(facts, plan)
        return seen

    def repeat(self, tree: Installed, plan: Plan, times: int) -> list[Observation] | None:
        """`times` runs forked from one warm start; None where that cannot be, or where any of them is in doubt."""
        run, runtime, oracle = self.manifest.run, self.runtime, self.manifest.oracle.name
        if not isinstance(run, CallRun) or not isinstance(runtime, WarmRuntime) or self._templates:
            return None
        if oracle not in SUITABLE or plan.compare is not None or plan.input is Input.TESTS:
            return None
        stands = [Stand() for _ in range(times)]
        jobs, environments = zip(*(self._job(run, tree, plan, stand) for stand in stands), strict=True)
        started = runtime.warm(jobs, self._bounds(plan))
        if started is None or any(environment != environments[0] for environment in environments):
            return None  # the environment is read while importing: one that names canaries is each run's own
        command, keys = self._started(tree, plan, stands[0], self._plain, (started[0], environments[0])), started[1]
        limits = command.limits
        files = [item for stand in stands[1:] for item in stand.own_files()]
        whole = self._sandbox.run(
            replace(
                command,
                files=(*command.files, *files),
                watch=tuple(stand.write for stand in stands),
                linger_seconds=0.0,
                limits=replace(
                    limits,
                    wall_seconds=times * limits.wall_seconds + _START_SECONDS,
                    cpu_seconds=times * limits.cpu_seconds + _START_SECONDS,
                ),
            )
        )
        found = outcomes(whole, started[0].key, [stand.write for stand in stands])
        if found is None:
            return None
        seen = zip(found, keys, stands, strict=True)
        judged = [self._judged(replace(self._seen(*one, tree, plan), warm=True), plan) for one in seen]
        return [self._measured(one, tree, plan) for one in judged]

    def _bounds(self, plan: Plan) -> dict[str, float]:
        """What one fork may use."""
        limits = self._limits(plan)
        linger = _LINGER_SECONDS if self.manifest.oracle.name in _LINGERING else 0.0
        return {
            "wall_seconds": limits.wall_seconds,
            "cpu_seconds": math.ceil(limits.cpu_seconds),
            "linger_seconds": linger,
            "output": limits.output_kib << 10,
        }

    def _weigh(self, tree: Installed, plan: Plan) -> Facts:
        """A run for each size, until one takes what must be seen; the last one's facts, with the peaks of all."""
        base = self._base(tree) if isinstance(self.manifest.run, CallRun) else 0.0
        costs: list[Cost] = []
        for size in plan.sizes or (None,):
            facts = self._facts(tree, replace(plan, sizes=(size,) if size else ()))
            cost = peak_of(facts.outcome, size, base, self.manifest.memory_mib)
            if cost is None:
                return facts
            costs.append(cost)
            if not facts.finished or (plan.until and cost.amount >= plan.until):
                break
        return replace(facts, peaks=tuple(costs))

    def _base(self, tree: Installed) -> float:
        """MiB that a run holds when it has imported what the steps name. The first may have to read its files."""
        if tree.tree not in self._bases:
            held = [self._facts(tree, Plan(idle=True)).outcome.memory_kib or 0 for _ in range(2)]
            self._bases[tree.tree] = min(held) / 1024
        return self._bases[tree.tree]

    def _facts(self, tree: Installed, plan: Plan) -> Facts:
        """Start the sandbox once and gather what was seen."""
        with contextlib.ExitStack() as stack:
            stand = self._stand(stack)
            door = self._open_door(stack)
            files = self._filled_files(stack, stand)
            command, key = self._command(tree, plan, stand, files)
            if door is not None:
                command = replace(command, sockets=(stand.door(door.path),))
            if stand.decoy is not None:
                command = replace(command, peer=stand.decoy)
            outcome = self._sandbox.run(command)
        return self._seen(outcome, key, stand, tree, plan, door.knocks if door is not None else [])

    def _seen(  # noqa: PLR0917  # what a run left behind, and what it was
        self,
        outcome: Outcome,
        key: str,
        stand: Stand,
        tree: Installed,
        plan: Plan,
        knocks: Sequence[tuple[int, bytes]] = (),
    ) -> Facts:
        """What an outcome shows, with the stand's canaries."""
        report = parse_report(outcome.report, key)
        secret = stand.secret.encode()
        run = self.manifest.run
        return Facts(
            outcome=outcome,
            report=report,
            target_function=own_function(report.sanitized, tree) if report.sanitized is not None else None,
            form_one=isinstance(run, CallRun) and plan.input is not Input.TESTS,
            knocked=any(uid == outcome.uid and text == stand.knock.encode() for uid, text in knocks),
            secret_seen=secret in outcome.stdout or secret in outcome.stderr or stand.secret in (report.text or ""),
            written=stand.write in outcome.present,
            visited=bool(stand.decoy and stand.decoy.heard),
            carried=bool(stand.decoy and stand.decoy.heard_of(stand.carried)),
        )

    def _judged(self, facts: Facts, plan: Plan) -> Observation:
        outcome, report = facts.outcome, facts.report
        if plan.input is Input.TESTS:
            signal, signature = judge_tests(facts)
        else:
            signal, signature = judge(self.manifest.oracle, facts, self._reference(facts, plan))
        function, doubt = attribute(self.manifest.oracle.name, facts) if signal is Signal.FIRED else (None, None)
        costs = costs_of(facts)
        cpu = costs[-1].amount if self.manifest.oracle.name is OracleName.CPU and costs else outcome.cpu_seconds
        log, digest = log_of(outcome, report)
        return Observation(signal, signature, facts, function, doubt, cpu, log, digest)

    def _reference(self, facts: Facts, plan: Plan) -> float | None:
        """What the run's cost is compared with; where no release says what the input itself takes, that too."""
        if facts.peaks is None or self.manifest.target.fixed is not None or plan.reference is None:
            return plan.reference
        return max(plan.reference, facts.report.built / (1 << 20))

    @contextlib.contextmanager
    def _door(self) -> Iterator[Door]:
        with tempfile.TemporaryDirectory(prefix="door.", dir=self._folder.name) as folder:
            Path(folder).chmod(0o711)
            with Door(Path(folder)) as door:
                yield door

    def _stand(self, stack: contextlib.ExitStack) -> Stand:
        """Fresh canaries, and the decoy where the oracle asks for it."""
        if self.manifest.oracle.name is not OracleName.CONNECT:
            return Stand()
        return Stand(decoy=stack.enter_context(Decoy()))

    def _open_door(self, stack: contextlib.ExitStack) -> Door | None:
        return stack.enter_context(self._door()) if self.manifest.oracle.name is OracleName.EXEC else None

    def _filled_files(self, stack: contextlib.ExitStack, stand: Stand) -> Path:
        """The folder shown as `files`: shared, unless templates must be filled for this run alone."""
        if not self._templates:
            return self._plain
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="filled.", dir=self._folder.name)))
        folder.chmod(0o711)
        self._write_files(folder / "files", stand)
        return folder / "files"

    def _write_files(self, folder: Path, stand: Stand | None) -> None:
        folder.mkdir(mode=0o755)
        for path, content in self._files.items():
            if not path.startswith("files/"):
                continue
            place = folder / path.removeprefix("files/")
            for parent in reversed(place.relative_to(folder).parents[:-1]):
                (folder / parent).mkdir(mode=0o755, exist_ok=True)
            filled = stand.fill_bytes(content) if stand is not None and path.endswith(".tmpl") else content
            place.write_bytes(filled)
            place.chmod(0o755 if content.startswith(b"#!") else 0o644)

    def _command(self, tree: Installed, plan: Plan, stand: Stand, files: Path) -> tuple[Command, str]:
        """What to run, and the key that the lines of its report bear."""
        run = self.manifest.run
        if plan.input is Input.TESTS:
            start, extra = self._tests_form()
        elif isinstance(run, CallRun):
            job, extra = self._job(run, tree, plan, stand)
            start = self.runtime.call(job)
        else:
            start, extra = self._script_form(run, plan, stand, tree)
        return self._started(tree, plan, stand, files, (start, extra)), start.key

    def _started(
        self, tree: Installed, plan: Plan, stand: Stand, files: Path, started: tuple[Start, dict[str, str]]
    ) -> Command:
        """A start with everything that a run is shown."""
        start, extra = started
        shown = self.runtime.shown(tree)
        binds = [*shown.binds, Bind(files, f"{HOME}/files")]
        if plan.compare is not None:
            binds.append(Bind(plan.compare, OTHER))
        basic = {"PATH": "/usr/bin:/bin", "HOME": HOME, "TMPDIR": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108  # inside
        return Command(
            argv=start.argv,
            env={**basic, **shown.env, **extra, **start.env},
            stdin=start.stdin,
            binds=tuple(binds),
            files=stand.files(self.runtime),
            folders=stand.folders(),
            watch=(stand.write,),
            report=True,
            linger_seconds=_LINGER_SECONDS if self.manifest.oracle.name in _LINGERING else 0.0,
            limits=self._limits(plan),
            mask=shown.mask,
        )

    def _limits(self, plan: Plan) -> Limits:
        limits = self.limits
        if not plan.stop_after:
            return limits
        # Form 1: doubling sizes cost at most twice the last one when cost grows with them; the clock inside is tighter.
        script = isinstance(self.manifest.run, ScriptRun)
        cpu = plan.stop_after if script else _IMPORT_SECONDS + plan.stop_after * 3
        return replace(limits, cpu_seconds=min(cpu, limits.cpu_seconds))

    def _job(self, run: CallRun, tree: Installed, plan: Plan, stand: Stand) -> tuple[dict[str, Any], dict[str, str]]:
        """What the harness is to do, and its environment."""
        steps = run.steps if plan.input is Input.TRIGGER else run.control_steps
        job: dict[str, Any] = {
            "steps": stand.fill(steps),
            "show": list(run.show),
            "own": list(tree.own),
            "needles": stand.needles(),
            "token": stand.token,
            "judged": self.manifest.oracle.name in JUDGED_BY_REPORT,
            "clock": self.manifest.oracle.name is OracleName.CPU,
            "sizes": list(plan.sizes),
            "idle": plan.idle,
            "until": plan.until,
            "stop_after": plan.stop_after or self.limits.cpu_seconds,
            "compare": f"{OTHER}/" if plan.compare is not None else None,
        }
        return job, stand.fill(dict(run.env))

    def _script_form(self, run: ScriptRun, plan: Plan, stand: Stand, tree: Installed) -> tuple[Start, dict[str, str]]:
        chosen = run.argv if plan.input is Input.TRIGGER else run.control
        assert chosen is not None
        stdin = self._files[run.stdin] if run.stdin else b""
        if run.stdin and run.stdin.endswith(".tmpl"):
            stdin = stand.fill_bytes(stdin)
        watch = {
            "own": list(tree.own),
            "needles": stand.needles(),
            "sample": self.manifest.oracle.name is OracleName.CPU,
        }
        return self.runtime.script(tuple(stand.fill(list(chosen))), stdin, watch, run), stand.environment()

    def _tests_form(self) -> tuple[Start, dict[str, str]]:
        """The bundle's tests: a command beside the target, without canaries and with nothing to watch for."""
        argv = self.manifest.tests
        assert argv is not None
        unwatched: dict[str, Any] = {"own": [], "needles": [], "sample": False}
        return self.runtime.script(argv, b"", unwatched, ScriptRun(argv)), {}


def runner_for(bundle: Bundle, builds: Builds, sandbox: Sandbox, state: Path) -> Runner:
    """The runner of a bundle under the runtime that its builds were installed for."""
    return Runner(sandbox, manifest=bundle.manifest, files=bundle.files, runtime=builds.runtime, state=state)
