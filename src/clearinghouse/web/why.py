"""Arranges what a case page shows of matching: which proof is which, what ran where, and each pair in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from clearinghouse.core.proof import Input, Variant
from clearinghouse.web.words import RELATIONS, relabelled, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clearinghouse.cases.queries import CaseDetail, PairView
    from clearinghouse.core.matching import Relation
    from clearinghouse.proofs.queries import ProofView

_RELEASES = {Variant.VULNERABLE, Variant.FIXED, Variant.OTHER}


@dataclass(frozen=True, slots=True)
class Cell:
    """What one proof did on one release: `word` is fired, silent, broken or "not run"."""

    word: str
    k: int
    n: int


@dataclass(frozen=True, slots=True)
class Line:
    """One proof's row of the table of releases."""

    label: str
    proof: ProofView
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One piece of evidence: its strength as a word, and the sentence."""

    strength: str
    text: str


@dataclass(frozen=True, slots=True)
class PairInWords:
    """One pair: the two by label, what follows, and from what."""

    left: str
    right: str
    relation: Relation
    words: str
    matcher: str
    sentences: tuple[Sentence, ...]
    other_case: str | None
    other_title: str


@dataclass(frozen=True, slots=True)
class Why:
    """Everything about matching on one case page."""

    labels: dict[str, str]  # full bundle id -> "proof 1"
    versions: tuple[str, ...]
    lines: tuple[Line, ...]
    pairs: tuple[PairInWords, ...]
    apart: tuple[PairInWords, ...]


def explain(case: CaseDetail) -> Why:
    """The matching of a case, ready to be shown."""
    labels = {proof.bundle_id: f"proof {i}" for i, proof in enumerate(case.proofs, start=1)}
    ran = {proof.bundle_id: _ran(proof) for proof in case.proofs}
    versions = _ordered({version for cells in ran.values() for version in cells})
    lines = tuple(
        Line(labels[p.bundle_id], p, tuple(ran[p.bundle_id].get(v, Cell("not run", 0, 0)) for v in versions))
        for p in case.proofs
    )
    return Why(
        labels,
        versions,
        lines,
        tuple(_pair(pair, labels) for pair in case.pairs),
        tuple(_pair(pair, labels) for pair in case.neighbours),
    )


def _ran(proof: ProofView) -> dict[str, Cell]:
    """Its trigger on each release tried: from the proof's own matrix first, then from later trials."""
    found: dict[str, Cell] = {}
    for row in proof.matrix:
        if row.input is Input.TRIGGER and row.variant in _RELEASES:
            word = "fired" if row.k else ("broken" if row.broken or not row.n else "silent")
            found[row.version] = Cell(word, row.k, row.n)
    for trial in proof.trials:
        found.setdefault(trial.version, Cell(str(trial.signal), trial.k, trial.n))
    return found


def _pair(pair: PairView, labels: Mapping[str, str]) -> PairInWords:
    inside = pair.left if pair.left in labels else pair.right
    outside_title = pair.right_title if inside == pair.left else pair.left_title
    known = dict(labels)
    for bundle_id in (pair.left, pair.right):
        known.setdefault(bundle_id, "the other")
    short = {bundle_id[:12]: label for bundle_id, label in known.items()}
    return PairInWords(
        left=known[pair.left],
        right=known[pair.right],
        relation=pair.relation,
        words=RELATIONS[pair.relation],
        matcher=pair.matcher,
        sentences=tuple(Sentence(str(e.strength), relabelled(sentence(e, short), short)) for e in pair.evidence),
        other_case=pair.other_case,
        other_title=outside_title,
    )


def _ordered(versions: Iterable[str]) -> tuple[str, ...]:
    """Releases in PyPI's order, what it cannot read last."""

    def rank(version: str) -> tuple[int, Version, str]:
        try:
            return 0, Version(version), version
        except InvalidVersion:
            return 1, Version("0"), version

    return tuple(sorted(versions, key=rank))


def shown_runs(proofs: Sequence[ProofView]) -> int:
    """How many runs stand behind these proofs, trials on other releases included."""
    return sum(proof.runs + sum(trial.n for trial in proof.trials) for proof in proofs)
