"""Says which function of the target an effect belongs to, or why that cannot be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.core.proof import OracleName

if TYPE_CHECKING:
    from clearinghouse.prover.observation import Facts

_MOSTLY = 0.9  # share of CPU samples that must fall below a frame of the target
_STARTS = {"os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen", "child_process.spawn",
           "child_process.spawnSync", "child_process.execSync", "child_process.execFileSync"}  # fmt: skip
_FOREIGN_STACK = "no function of the target's own code is on the stack of the sanitizer's report"
_EFFECTS = {OracleName.WRITE, OracleName.EXEC, OracleName.READ, OracleName.CONNECT}


def attribute(oracle: OracleName, facts: Facts) -> tuple[str | None, str | None]:
    """(function, doubt): the first function of the target walking outward from the effect; doubt is why there is none.

    Events and samples come from inside the run: their presence proves nothing for a script, their absence is a doubt.
    """
    report = facts.report
    if oracle is OracleName.SANITIZER:
        # Looked up in the sanitizer's own report; what comes from inside the run has no say in it.
        return facts.target_function, None if facts.target_function else _FOREIGN_STACK
    if report.doubts:
        return None, f"the effect's origin is doubtful: {report.doubts[0]}"
    if oracle in _EFFECTS:
        return _of_effect(oracle, facts)
    if oracle is OracleName.CPU:
        return _of_samples(facts)
    if oracle in {OracleName.SIGNAL, OracleName.RECURSION} and facts.crash_signal:
        return _of_crash(facts)
    doubts = {
        OracleName.POLLUTION: "no step called a function of the target" if report.function is None else None,
        OracleName.MEMORY: None if facts.form_one else "nothing tells whose memory it was that the script held",
    }
    return report.function, doubts.get(oracle)


def _of_crash(facts: Facts) -> tuple[str | None, str | None]:
    if facts.report.crash:
        return facts.report.crash[0], None
    missing = "no function of the target is on the stack of the crash"
    return facts.report.function, None if facts.form_one else missing


def _of_effect(oracle: OracleName, facts: Facts) -> tuple[str | None, str | None]:
    report = facts.report
    # The canary executable may be looked at by anyone; what matters is who starts it.
    effects = [
        (event, function) for event, function in report.effects if oracle is not OracleName.EXEC or event in _STARTS
    ]
    named = [function for _, function in effects if function]
    if named and not facts.form_one and len(named) < len(effects):
        # One event of the target's is no cover for another of the script's.
        return None, "the effect came, in part at least, from outside the target's own code"
    if named:
        return named[-1], None
    if facts.form_one and report.function:
        # A worker thread or compiled code made the effect: no frame shows it, but only our steps called anything.
        return report.function, None
    if effects:
        return None, "the effect came from outside the target's own code"
    return None, "no event showed the target causing the effect"


def _of_samples(facts: Facts) -> tuple[str | None, str | None]:
    report = facts.report
    everything, inside = report.samples
    if everything and inside >= _MOSTLY * everything and report.inside:
        return report.inside[0], None
    if facts.form_one:
        return (report.inside[0] if report.inside else report.function), None
    return None, f"only {inside} of {everything} CPU samples fell into the target's code"
