"""Decides which keys must have signed the seals, and says which of them did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from clearinghouse.core.errors import InvalidInput, NotVerified
from clearinghouse.core.typed_json import strict_loads

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from securesystemslib.signer import SSlibKey

    from clearinghouse.core.seals import Published

_TRUSTED = "get the head from a place you trust"


@dataclass(frozen=True, slots=True)
class Expected:
    """The keys of which one must have signed each seal; none where the house has no key. `source` says whose."""

    keys: tuple[SSlibKey, ...]
    source: str

    @classmethod
    def given(cls, files: Iterable[Path]) -> Self:
        """The public keys in these files. Raises what `keys.load_public` does."""
        from clearinghouse.adapters.signing import keys  # noqa: PLC0415

        return cls(tuple(keys.load_public(file) for file in files), "as given with --key")

    @classmethod
    def of_the_house(cls, private: Path) -> Self:
        """The public key beside the house's private one, which is not opened; none where there is none."""
        from clearinghouse.adapters.signing import keys  # noqa: PLC0415

        public = keys.public_file(private)
        return cls((keys.load_public(public),) if public.exists() else (), f"the house's own, {public}")

    def signer_of(self, one: Published) -> str:
        """The id of the expected key that signed it; "" for one without a signature where no key is expected.

        Raises NotVerified for all else, in words that do not name the seal.
        """
        if one.envelope is None:
            if self.keys:
                raise NotVerified("it is not signed", advice=_TRUSTED)
            return ""
        key_id = _signed_by(one.envelope)
        if not self.keys:
            advice = "give the public key that you trust with --key"
            raise NotVerified(f"signed by the key {key_id}, and there is no public key to check it with", advice=advice)
        return _checked(one, next((key for key in self.keys if key.keyid == key_id), self.keys[0]))

    def demand(self, one: Published) -> str:
        """As `signer_of`; what is raised names the seal."""
        try:
            return self.signer_of(one)
        except NotVerified as error:
            raise NotVerified(f"seal {one.head.number}: {error.message}", advice=_TRUSTED) from None


def _checked(one: Published, key: SSlibKey) -> str:
    from clearinghouse.adapters.signing import envelope  # noqa: PLC0415

    try:
        stated = envelope.verify_seal(one.envelope or b"", key)
    except InvalidInput as error:
        raise NotVerified(error.message, advice=_TRUSTED) from None
    if stated != one.head:
        raise NotVerified("what is signed is not what the head says", advice=_TRUSTED)
    return str(key.keyid)


def _signed_by(envelope: bytes) -> str:
    """The id that the envelope claims for its signature; it proves nothing by itself."""
    try:
        claimed = strict_loads(envelope)["signatures"][0]["keyid"]
    except (ValueError, TypeError, LookupError):
        return "of an unreadable envelope"
    return str(claimed)[:64]
