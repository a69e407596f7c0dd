"""`clearinghouse doctor`: says whether this machine can run proofs, under which isolation, and what would mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clearinghouse.cli.output import put, put_line
from clearinghouse.prover.cache import cache_folder
from clearinghouse.prover.sandbox.checkup import Checkup, Layer, check_up

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_NO_SANDBOX = 69


def doctor_command(*, as_json: bool) -> int:
    """Say what was seen; returns the exit code: 69 without a sandbox that holds, 1 with a weaker one, else 0."""
    checkup = check_up(cache_folder() / "run")
    if as_json:
        put(_object(checkup))
    else:
        for line in _lines(checkup):
            put_line(line)
    if not checkup.contained:
        return EXIT_NO_SANDBOX
    return 0 if checkup.complete else 1


def _object(checkup: Checkup) -> dict[str, Any]:
    return {
        "isolation": checkup.isolation or None,
        "contained": checkup.contained,
        "layers": checkup.layers,
        "hostile": checkup.trials,
    }


def _lines(checkup: Checkup) -> Iterator[str]:
    for layer in checkup.layers:
        yield from _about(layer)
    if checkup.trials:
        held = sum(not trial.breaches for trial in checkup.trials)
        seconds = sum(trial.seconds for trial in checkup.trials)
        mark = "ok" if held == len(checkup.trials) else "BROKEN"
        yield f"{mark:8} hostile programs   {held} of {len(checkup.trials)} contained, {seconds:.1f} s"
    for trial in checkup.trials:
        for breach in trial.breaches:
            yield f"         {trial.name}: {breach}"
    yield ""
    yield _conclusion(checkup)


def _about(layer: Layer) -> Iterator[str]:
    mark = "ok" if layer.ok else "missing" if layer.needed else "note"
    yield f"{mark:8} {layer.name:18} {layer.found}"
    if layer.meaning:
        yield f"{'':27} means: {layer.meaning}"
    if layer.remedy:
        yield f"{'':27} mend:  {layer.remedy}"


def _conclusion(checkup: Checkup) -> str:
    if not checkup.isolation:
        return "There is no sandbox here: no proof runs on this machine."
    if not checkup.contained:
        return "The sandbox does not hold what it promises. Run no proof on this machine, and report this."
    return f"Proofs run here. The isolation of their verdicts: {checkup.isolation}."
