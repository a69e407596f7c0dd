"""Arranges what a case page shows of matching: which proof is which, what ran where, and each pair in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from clearinghouse.core.proof import Input, Variant
from clearinghouse.web.words import RELATIONS, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clearinghouse.cases.views import CaseDetail, PairView
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
    """One pair: the two by label (a proof of another case by its title), what follows, and from what."""

    left: str
    right: str
    relation: Relation
    words: str
    matcher: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Apart:
    """Another case whose proofs were compared with this one's; None: proofs that are in no case."""

    case: str | None
    pairs: tuple[PairInWords, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Everything about matching on one case page."""

    labels: dict[str, str]  # full bundle id -> "proof 1"
    versions: tuple[str, ...]
    lines: tuple[Line, ...]
    pairs: tuple[PairInWords, ...]
    apart: tuple[Apart, ...]


def explain(case: CaseDetail) -> Why:
    """The matching of a case, ready to be shown."""
    labels = {proof.bundle_id: f"proof {i}" for i, proof in enumerate(case.proofs, start=1)}
    ran = {proof.bundle_id: _ran(proof) for proof in case.proofs}
    versions = _ordered({version for cells in ran.values() for version in cells})
    lines = tuple(
        Line(labels[p.bundle_id], p, tuple(ran[p.bundle_id].get(v, Cell("not run", 0, 0)) for v in versions))
        for p in case.proofs
    )
    others = sorted({pair.other_case for pair in case.neighbours}, key=lambda other: other or "~")
    apart = [Apart(other, _pairs([p for p in case.neighbours if p.other_case == other], labels)) for other in others]
    return Why(labels, versions, lines, _pairs(case.pairs, labels), tuple(apart))


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


def _pairs(pairs: Iterable[PairView], labels: Mapping[str, str]) -> tuple[PairInWords, ...]:
    """The pairs in words, ordered by their labels."""
    places = {bundle_id: i for i, bundle_id in enumerate(labels)}

    def rank(pair: PairView) -> list[int]:
        return sorted(places.get(bundle_id, len(places)) for bundle_id in (pair.left, pair.right))

    return tuple(_pair(pair, labels, places) for pair in sorted(pairs, key=rank))


def _pair(pair: PairView, labels: Mapping[str, str], places: Mapping[str, int]) -> PairInWords:
    """One pair, this case's own proof first, or the one with the smaller number."""
    titles = {pair.left: pair.left_title, pair.right: pair.right_title}
    first, second = sorted(titles, key=lambda bundle_id: places.get(bundle_id, len(places)))
    short = {bundle_id[:12]: labels.get(bundle_id, "the other") for bundle_id in titles}
    return PairInWords(
        left=labels.get(first, titles[first]),
        right=labels.get(second, titles[second]),
        relation=pair.relation,
        words=RELATIONS[pair.relation],
        matcher=pair.matcher,
        sentences=tuple(Sentence(str(e.strength), sentence(e, short)) for e in pair.evidence),
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
