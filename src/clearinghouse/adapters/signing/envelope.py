"""DSSE envelopes with one signature, in one spelling: whatever byte of the file is changed, it verifies no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, UnverifiedSignatureError, VerificationError

from clearinghouse.core.errors import InvalidInput, NotVerified
from clearinghouse.core.review.plan import SignedPlan
from clearinghouse.core.review.records import Destruction, Final
from clearinghouse.core.typed_json import canonical, members, strict_loads
from clearinghouse.formats.intoto import PAYLOAD_TYPE, Attested, read_statement, write_statement
from clearinghouse.formats.intoto_record import read_record, write_record
from clearinghouse.formats.intoto_review import SignedReport, read_plan, read_report, write_plan, write_report
from clearinghouse.formats.intoto_seal import read_seal, write_seal

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, SSlibKey

    from clearinghouse.core.review.records import Record
    from clearinghouse.core.seals import Head

    Stated = Attested | SignedPlan | SignedReport | Head | Record

_ADVICE = "get the file again, byte for byte as it was written"


def sign(stated: Stated, signer: CryptoSigner) -> bytes:
    """The file of a signed statement: canonical JSON on one line. Raises InvalidInput for what cannot be stated."""
    match stated:
        case Attested():
            payload = write_statement(stated)
        case SignedPlan():
            payload = write_plan(stated)
        case Final() | Destruction():
            payload = write_record(stated)
        case SignedReport():
            payload = write_report(stated)
        case _:
            payload = write_seal(stated)
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(signer)
    return _spelling(envelope)


def _spelling(envelope: Envelope) -> bytes:
    return canonical(envelope.to_dict()) + b"\n"


def verify(content: bytes, key: SSlibKey) -> Attested:
    """What `key` attests in a file; nothing of it is looked at before the signature holds.

    Raises InvalidInput for what is not such a file, NotVerified where the signature is not this key's on this content.
    """
    return read_statement(_payload(content, key))


def verify_seal(content: bytes, key: SSlibKey) -> Head:
    """The seal of a journal that `key` signed. Raises as `verify` does."""
    return read_seal(_payload(content, key))


def verify_plan(content: bytes, key: SSlibKey) -> SignedPlan:
    """The analysis plan of a review that `key` signed. Raises as `verify` does."""
    return read_plan(_payload(content, key))


def verify_record(content: bytes, key: SSlibKey) -> Record:
    """The record of a review that `key` signed. Raises as `verify` does."""
    return read_record(_payload(content, key))


def verify_report(content: bytes, key: SSlibKey) -> SignedReport:
    """The report of a review that `key` signed. Raises as `verify` does."""
    return read_report(_payload(content, key))


def _payload(content: bytes, key: SSlibKey) -> bytes:
    try:
        envelope = _read(content)
    except (ValueError, FormatError) as error:
        raise InvalidInput(f"not an attestation: {error}", advice=_ADVICE) from None
    if set(envelope.signatures) != {key.keyid}:
        signed_by = ", ".join(envelope.signatures)
        raise NotVerified(f"signed by the key {signed_by}, not by {key.keyid}", advice="give the signer's public key")
    try:
        envelope.verify([key], 1)
    except (UnverifiedSignatureError, VerificationError):
        raise NotVerified(f"the signature is not that of {key.keyid} on this content", advice=_ADVICE) from None
    if envelope.payload_type != PAYLOAD_TYPE:
        raise InvalidInput(f"payloadType: {envelope.payload_type!r} is not {PAYLOAD_TYPE}")
    return bytes(envelope.payload)


def _read(content: bytes) -> Envelope:
    """The envelope; raises ValueError on any other spelling than ours, so that no byte can change unseen."""
    document = members(strict_loads(content), {"payload", "payloadType", "signatures"}, "the envelope")
    if not isinstance(document["signatures"], list) or len(document["signatures"]) != 1:
        raise ValueError("signatures: must be a list of one")
    signature = members(document["signatures"][0], {"keyid", "sig"}, "signatures[0]")
    texts = (document["payload"], document["payloadType"], *signature.values())
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("payload, payloadType, keyid and sig must be texts")
    envelope = Envelope.from_dict(document)
    if _spelling(envelope) != content:
        raise ValueError("not spelt as this program writes it")
    return envelope
