"""Decide whether the seals are vouched for: each signed by a key that is expected, or covered by a later one that is.

A seal names the one before it, so a signature vouches for every seal up to its own. A house that began without a key
therefore loses nothing by it; but once a seal is signed, each one after it must be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.errors import NotVerified

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from clearinghouse.core.seals import Published

    # The id of the expected key that signed a seal, or "" for what needs no signature. Raises NotVerified for all else.
    Signer = Callable[[Published], str]


@dataclass(frozen=True, slots=True)
class SealBreak:
    """The seal that fails, and how."""

    seal: int
    reason: str

    def __str__(self) -> str:
        return f"seal {self.seal}: {self.reason}"


@dataclass(frozen=True, slots=True)
class SignedBy:
    """How many seals a key signed."""

    key_id: str
    seals: int


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who vouches for the seals, by their numbers.

    `unsigned` have no signature and need none: a later one covers them, or no key is expected. `waiting` are the
    newest, made after a signed one and not signed yet: they are worth no more than entries that are not sealed.
    """

    by: tuple[SignedBy, ...] = ()
    unsigned: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()


def vouched(
    seals: Sequence[Published], unfinished: Collection[int], signer: Signer
) -> tuple[Vouched, SealBreak | None]:
    """Who vouches for seals that follow one another from the first, and the first that nobody expected vouches for.

    `unfinished` are the numbers of those whose signature was not made yet.
    """
    counts: dict[str, int] = {}
    bare: list[Published] = []  # since the last signed one
    covered: list[int] = []
    for one in seals:
        if one.envelope is None:
            bare.append(one)
            continue
        try:
            key_id = signer(one)
            if counts:
                _demand(bare, signer)
        except NotVerified as error:
            return _so_far(counts, covered), _first(bare if counts else [], one, error)
        counts[key_id] = counts.get(key_id, 0) + 1
        covered += [each.head.number for each in bare]
        bare = []
    numbers = [one.head.number for one in bare]
    if counts and all(number in unfinished for number in numbers):
        return _so_far(counts, covered, numbers), None
    try:
        _demand(bare, signer)
    except NotVerified as error:
        return _so_far(counts, covered), SealBreak(numbers[0], error.message)
    return _so_far(counts, covered + numbers), None


def _demand(bare: Sequence[Published], signer: Signer) -> None:
    """Raises NotVerified unless none of these needs a signature."""
    for one in bare:
        signer(one)


def _first(bare: Sequence[Published], one: Published, error: NotVerified) -> SealBreak:
    """The earlier of two faults: a seal without a signature after a signed one, or the one at hand."""
    if bare:
        return SealBreak(bare[0].head.number, "it is not signed, and one before it is")
    return SealBreak(one.head.number, error.message)


def _so_far(counts: dict[str, int], unsigned: Sequence[int], waiting: Sequence[int] = ()) -> Vouched:
    by = tuple(SignedBy(key_id, number) for key_id, number in counts.items() if key_id)
    return Vouched(by, tuple(unsigned), tuple(waiting))
