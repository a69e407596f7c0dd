"""Says why a proof that fired as claimed is not believed without a person, whatever its effect's origin."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from clearinghouse.core import plain_recipe
from clearinghouse.core.manifest import CallRun, ScriptRun
from clearinghouse.core.manifest_run import SIZED
from clearinghouse.core.plain_script import why_not_plain
from clearinghouse.core.proof import Grade, Input, OracleName, Variant
from clearinghouse.core.step_sizes import degree, weight
from clearinghouse.core.steps import uses_size, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearinghouse.core.manifest import Manifest
    from clearinghouse.prover.bundle import Bundle
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.series import Series

_LONGER = 10  # times that a trigger may be as long as its control where nothing else is there to compare its cost with
_SHORT = 1000  # characters or calls; less is no long input
_TELLING = 10  # characters that nobody spells by chance
_FAR = 4000  # characters of a text that are looked through
_PLACES = ("/canary", "/opt/target", "/opt/clearinghouse", "/proof/", "CANARY_", "clearinghouse")
_JUDGED_BY_TEXT = {OracleName.PREDICATE, OracleName.EXCEPTION}  # they carry `confirm` for what they show


def doubt_of(
    bundle: Bundle, grade: Grade, vulnerable: Installed, series: Mapping[tuple[Variant, Input], Series]
) -> str | None:
    """The first doubt, or None."""
    manifest = bundle.manifest
    if grade is Grade.B and (reason := _unplain(bundle, vulnerable)):
        return reason
    if reason := _knowing(bundle):
        return reason
    if reason := _uneven(manifest, {path: len(content) for path, content in bundle.files.items()}):
        return reason
    if isinstance(manifest.run, CallRun) and manifest.oracle.name not in _JUDGED_BY_TEXT:
        return _unlike(series)
    return None


def _knowing(bundle: Bundle) -> str | None:
    """Why a patch may know the proof or the prover instead of the bug: what it adds spells a part of one of them."""
    manifest = bundle.manifest
    if manifest.patch is None or not isinstance(manifest.run, CallRun):
        return None
    lines = bundle.files[manifest.patch].decode("utf-8", "replace").splitlines()
    added = "\n".join(line[1:] for line in lines if line.startswith("+") and not line.startswith("+++"))
    before = "\n".join(line[1:] for line in lines if not line.startswith("+"))
    texts = [item for item in walk(list(manifest.run.steps)) if isinstance(item, str)]
    spelt = {text[at : at + _TELLING] for text in texts for at in range(min(len(text), _FAR) - _TELLING + 1)}
    called = "\n".join(str(step.get("call", "")) for step in manifest.run.steps)
    for part in sorted(spelt):
        if part in added and part not in before and part not in called:
            return f"a person must read the patch: it spells {part!r}, a part of the proof's input"
    place = next((place for place in _PLACES if place in added), None)
    return f"a person must read the patch: it names {place}, which is the prover's" if place else None


def _unplain(bundle: Bundle, vulnerable: Installed) -> str | None:
    """Why a script is not believed by what was seen of it: what it shares a process with can be deceived."""
    run, build = bundle.manifest.run, bundle.manifest.build
    language = bundle.manifest.runtime.language
    if not isinstance(run, ScriptRun):
        return None
    inputs = [argv for argv in (run.argv, run.control) if argv]
    if language == "native":
        assert build is not None
        assert build.run is not None
        reason = next(filter(None, (plain_recipe.why_not_plain(build.run, argv) for argv in inputs)), None)
        return f"recipe and run must be read by a person: {reason}" if reason else None
    if language != "python":
        return "the script must be read by a person: this prover reads no JavaScript"
    provided = {path.name.split(".")[0] for path in vulnerable.tree.iterdir()}
    reason = next(filter(None, (why_not_plain(argv, bundle.files, provided) for argv in inputs)), None)
    return f"the script must be read by a person: {reason}" if reason else None


def _uneven(manifest: Manifest, lengths: Mapping[str, int]) -> str | None:
    """Why the cost may be the input's own: it grows faster than $size, or is too long for its control."""
    run = manifest.run
    if manifest.oracle.name not in SIZED:
        return None
    if isinstance(run, CallRun) and (power := degree(run.steps)) > 1:
        return f"the input itself grows with the power {power} of $size; use $size once on the way to each value"
    if manifest.target.fixed is not None:
        return None
    if isinstance(run, ScriptRun):
        return "without a fixed release nothing tells a costly input from a long one; write it as steps with $size"
    trigger, control = weight(run.steps, lengths), weight(run.control_steps or (), lengths)
    if uses_size(run.steps) or trigger <= _LONGER * control + _SHORT:
        return None
    return (
        f"the trigger is {trigger // max(1, control)} times as long as its control, and no fixed release is there to "
        "compare with; give a control of that length, or use $size"
    )


def _unlike(series: Mapping[tuple[Variant, Input], Series]) -> str | None:
    """Why the releases cannot be compared: the steps gave them different inputs, made of what each of them said."""
    sides = [series.get((variant, Input.TRIGGER)) for variant in (Variant.VULNERABLE, Variant.FIXED)]
    if None in sides:
        return None
    seen = [{item.facts.report.given for item in side.seen} for side in sides if side is not None]
    if any(len(given) != 1 for given in seen):
        return None  # inputs that change from run to run tell nothing of the release
    vulnerable, fixed = (next(iter(given)) for given in seen)
    for one, other in zip_longest(vulnerable, fixed):
        if one is not None and other is not None and one != other:
            return f"the steps gave the fixed release another input than the vulnerable one, at {one[0]}"
    return None
