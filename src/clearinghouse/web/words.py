"""Says in a sentence what the house stores as a word: verdicts, states, evidence, inputs of a priority. Pure."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from clearinghouse.core.matching import Relation, Strength
from clearinghouse.core.proof import Variant, Verdict
from clearinghouse.core.report import ReportState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearinghouse.core.matching import Evidence

_SHORT_LINE = 60  # a line longer than this was broken for its length
_LISTED = re.compile(r"[0-9]+[.)] ")
_SHORT_ID = re.compile(r"\b[0-9a-f]{12}\b")

# What each verdict means, and what its finder can do about it.
VERDICTS: Mapping[Verdict, tuple[str, str]] = MappingProxyType(
    {
        Verdict.PROVEN: (
            "The proof fires on the vulnerable release and is silent on the fixed one and on the control.",
            "",
        ),
        Verdict.REPRODUCED: (
            "The proof fires on the vulnerable release and is silent on the control. No fix is known.",
            "",
        ),
        Verdict.DIFFERS: (
            "The script says different things on the two releases. What that means, a person decides.",
            "A form 1 proof, in which our harness makes the call, needs no such decision.",
        ),
        Verdict.FLAKY: (
            "The proof fires too seldom to tell silence from luck.",
            "Remove what depends on chance or on time, so that it fires in every run.",
        ),
        Verdict.NOT_REPRODUCED: (
            "The proof does not show the claimed effect.",
            "Run “clearinghouse prove” on the bundle, read its logs, and send one that fires on the stated release.",
        ),
        Verdict.WRONG_SIGNAL: (
            "Something happens, but not the claimed effect in the claimed target.",
            "Name the oracle that fits what happens, or make the target itself cause the effect.",
        ),
        Verdict.CONTROL_FAILED: (
            "The benign control fires or breaks as well, so the effect says nothing about the input.",
            "Choose a control that differs from the trigger only in what makes it harmful.",
        ),
        Verdict.FIX_INEFFECTIVE: (
            (
                "What is named as the fix, a release or a patch, still shows the effect. A person looks at it: the "
                "claim may well be true."
            ),
            "Name a release or send a patch that does fix it, or name none.",
        ),
        Verdict.FIX_BREAKS: (
            "With the fix, a release or a patch, the benign control or the bundle's own tests no longer pass.",
            "Write the control and the tests so that they pass on both sides; mend a patch that takes a feature away.",
        ),
        Verdict.INVALID: ("The bundle breaks the format.", "Mend what the reasons name, and send it again."),
        Verdict.UNSUPPORTED: (
            "This prover cannot run it. That does not count against the finder.",
            (
                "The reasons name what is missing here: an interpreter, a compiler, a sandbox. Send it where that is "
                "there, or use an oracle and a runtime that this prover has."
            ),
        ),
        Verdict.BUILD_FAILED: (
            "A release could not be installed or built, so nothing was run.",
            (
                "Read the end of the build's log in the reasons. Builds run without network: what they need is named "
                "in the bundle, or is an archive of the package index."
            ),
        ),
        Verdict.INFRA_ERROR: ("Our own machinery failed. That does not count against the finder.", ""),
        Verdict.NEEDS_HUMAN: ("The proof ran, and a person must look at what it shows.", ""),
    },
)

STATES: Mapping[ReportState, tuple[str, str]] = MappingProxyType(
    {
        ReportState.RECEIVED: ("Kept as it came; not looked at yet.", ""),
        ReportState.SCREENED: ("Read; not decided yet.", ""),
        ReportState.PROVING: ("Its proof waits to be run, or runs now.", ""),
        ReportState.PROVEN: ("Its proof supports the claim; its case is being found.", ""),
        ReportState.NOT_REPRODUCED: ("Its proof does not support the claim.", ""),
        ReportState.INCONCLUSIVE: ("Its proof ran and a person must look.", ""),
        ReportState.UNPROVABLE: ("Nothing in it can be run.", "Attach a proof bundle to have it proven."),
        ReportState.ATTACHED: ("Proven, and part of a case.", ""),
        ReportState.PARKED: (
            "Kept for a person. It reaches no maintainer by itself.",
            "Attach a proof bundle to have it proven.",
        ),
        ReportState.RETURNED: (
            "Back to its finder with the reasons below.",
            "Mend what the reasons name, and send it again.",
        ),
    },
)

RELATIONS: Mapping[Relation, str] = MappingProxyType(
    {
        Relation.SAME: "one bug",
        Relation.DIFFERENT: "different bugs",
        Relation.PARENT_CHILD: "related, not one bug",
        Relation.UNDECIDED: "not shown to be one bug",
    },
)

# Sentences of the ledger, by kind and strength; {} is the evidence's value.
_EVIDENCE: Mapping[tuple[str, Strength], str] = MappingProxyType(
    {
        ("bundle", Strength.DECIDES): "Both are the very same bundle.",
        (
            "same input and target",
            Strength.DECIDES,
        ): "The same input against the same release: one experiment, described twice.",
        ("package", Strength.CONTRADICTS): "They are about different packages: {}.",
        ("alias", Strength.NOMINATES): "Both state the alias {}. A stated alias is a reason to look, never to merge.",
        (
            "fixed release",
            Strength.NOMINATES,
        ): "Both name {} as the fixed release. One release fixes many bugs, so this alone says nothing.",
        ("function", Strength.SUPPORTS): "Both effects come from the same function of the target, {}.",
        ("function", Strength.MISSING): "The effects do not come from one function: {}.",
        ("oracle", Strength.SUPPORTS): "Both effects are of one class, {}.",
        ("oracle", Strength.MISSING): "The effects are of different classes: {}.",
        ("fix stops only one", Strength.CONTRADICTS): "Release {}: a fix of one that leaves the other.",
        ("silent on the other's fix", Strength.SUPPORTS): "Executed: {}.",
        ("silent on the other's fix", Strength.MISSING): "Not shown: {}.",
        ("fix", Strength.MISSING): "A fixed release is missing: {}.",
    },
)

INPUTS: Mapping[str, str] = MappingProxyType(
    {
        "exploitation": "Exploitation",
        "automatable": "Automatable",
        "technical_impact": "Technical impact",
        "mission": "Mission and well-being",
    },
)

VARIANTS: Mapping[Variant, str] = MappingProxyType(
    {
        Variant.VULNERABLE: "vulnerable",
        Variant.FIXED: "fixed",
        Variant.NULL_TARGET: "inert stub in its place",
        Variant.V_NAMED_F: "vulnerable, named as the fixed",
        Variant.F_NAMED_V: "fixed, named as the vulnerable",
        Variant.V_RESPELT: "vulnerable, sources re-spelt",
        Variant.OTHER: "another release",
        Variant.PATCHED: "vulnerable, patched",
    },
)

ORACLES: Mapping[str, str] = MappingProxyType(
    {
        "exec": "a program of the attacker's choice was started",
        "write": "a file was written where none may be",
        "read": "a secret was read",
        "cpu": "processor time out of proportion to the input",
        "signal": "the interpreter crashed",
        "recursion": "the stack ran out",
        "predicate": "an answer that a safe release does not give",
    },
)


def sentence(evidence: Evidence, labels: Mapping[str, str]) -> str:
    """One piece of evidence as a sentence; short bundle ids that have a label are replaced by it."""
    template = _EVIDENCE.get((evidence.kind, evidence.strength))
    value = relabelled(evidence.value, labels)
    return template.replace("{}", value) if template else f"{evidence.kind}: {value}"


def relabelled(text: str, labels: Mapping[str, str]) -> str:
    """`text` with each known short bundle id replaced by its label."""
    return _SHORT_ID.sub(lambda found: labels.get(found[0], found[0]), text)


def answer_to(state: ReportState, verdict: Verdict | None) -> tuple[str, str]:
    """What a report's state means and what its finder can do next; a verdict says more than the state alone."""
    meaning, remedy = STATES[state]
    if verdict is None or state in {ReportState.PROVING, ReportState.ATTACHED}:
        return meaning, remedy
    found, advice = VERDICTS[verdict]
    return f"{meaning} {found}", advice


def flowing(text: str) -> str:
    """Text with the line breaks taken out that only kept its lines short; blank lines and lists stay as they are."""
    out: list[str] = []
    for line in text.strip().splitlines():
        joins = out and len(out[-1]) > _SHORT_LINE and line[:1].isalnum() and not _LISTED.match(line)
        if joins:
            out[-1] = f"{out[-1].rstrip()} {line}"
        else:
            out.append(line)
    return "\n".join(out)


def plain_word(word: str) -> str:
    """A stored word as people read it: "not_reproduced" becomes "not reproduced"."""
    return word.replace("_", " ")
