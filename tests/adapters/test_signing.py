"""Signed verdicts: no byte changed, no other key, nothing signed that does not parse; the key has its own process."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner

from clearinghouse.adapters.signing import envelope, keys
from clearinghouse.adapters.signing.process import ProcessSigner
from clearinghouse.core.errors import Conflict, InvalidInput, NotFound, NotVerified, Refused
from clearinghouse.core.proof import ProofResult, Verdict
from clearinghouse.core.typed_json import canonical
from clearinghouse.formats.intoto import PAYLOAD_TYPE, Attested
from tests.core.test_typed_json import RESULT

SIGNER = CryptoSigner.generate_ed25519()
OTHER = CryptoSigner.generate_ed25519()
ATTESTED = Attested("my-proof", RESULT)
SIGNED = envelope.sign(ATTESTED, SIGNER)
FAULTS = (InvalidInput, NotVerified)


def signed(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """An envelope of our spelling around anything, signed with the right key."""
    made = Envelope(payload, payload_type, {})
    made.sign(SIGNER)
    return canonical(made.to_dict()) + b"\n"


def test_what_was_signed_verifies_and_says_the_same() -> None:
    assert envelope.verify(SIGNED, SIGNER.public_key) == ATTESTED


def test_the_signature_is_plain_dsse_that_others_can_check(tmp_path: Path) -> None:
    key = keys.make(tmp_path / "k")
    document = json.loads(envelope.sign(ATTESTED, keys.load_private(tmp_path / "k")))
    payload, kind = base64.b64decode(document["payload"]), document["payloadType"].encode()
    public = load_pem_public_key(keys.public_file(tmp_path / "k").read_bytes())
    assert isinstance(public, Ed25519PublicKey)
    (signature,) = document["signatures"]
    assert signature["keyid"] == key.keyid
    signed_bytes = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    public.verify(base64.b64decode(signature["sig"]), signed_bytes)  # raises where it does not hold


def test_no_byte_can_be_changed_or_left_out() -> None:
    for position in range(len(SIGNED)):
        for mask in (0x01, 0x20, 0x80):
            changed = bytearray(SIGNED)
            changed[position] ^= mask
            with pytest.raises(FAULTS):
                envelope.verify(bytes(changed), SIGNER.public_key)
        with pytest.raises(FAULTS):
            envelope.verify(SIGNED[:position] + SIGNED[position + 1 :], SIGNER.public_key)


@given(st.integers(0, len(SIGNED)), st.integers(0, 20), st.binary(max_size=20))
def test_no_part_can_be_replaced(start: int, length: int, by: bytes) -> None:
    changed = SIGNED[:start] + by + SIGNED[start + length :]
    if changed == SIGNED:
        assert envelope.verify(changed, SIGNER.public_key) == ATTESTED
        return
    with pytest.raises(FAULTS):
        envelope.verify(changed, SIGNER.public_key)


def test_another_key_does_not_verify_even_under_the_right_ones_id() -> None:
    with pytest.raises(NotVerified, match="not by"):
        envelope.verify(SIGNED, OTHER.public_key)
    forged = envelope.sign(ATTESTED, OTHER).replace(OTHER.public_key.keyid.encode(), SIGNER.public_key.keyid.encode())
    with pytest.raises(NotVerified, match="is not that of"):
        envelope.verify(forged, SIGNER.public_key)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (signed(b"{}"), "not a statement"),
        (signed(b"hello"), "not a statement"),
        (signed(b"{}", "text/plain"), "payloadType"),
        (b"", "not an attestation"),
        (b"[]\n", "not an attestation"),
        (SIGNED.rstrip(b"\n"), "not spelt"),
        (SIGNED + b"\n", "not spelt"),
        (json.dumps(json.loads(SIGNED)).encode() + b"\n", "not spelt"),
        (SIGNED.replace(b'{"payload"', b'{"payload":"","payload"'), "given twice"),
        (SIGNED.replace(b'{"payload"', b'{"more":1,"payload"'), "exactly the members"),
        (SIGNED.replace(b'"keyid"', b'"more":1,"keyid"'), "exactly the members"),
    ],
)
def test_what_is_not_an_attestation_of_ours_is_malformed(content: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        envelope.verify(content, SIGNER.public_key)


def test_a_new_key_is_for_its_owners_eyes_and_is_never_overwritten(tmp_path: Path) -> None:
    private = tmp_path / "new" / "signing.key"
    made = keys.make(private)
    assert private.stat().st_mode & 0o777 == 0o600
    assert private.parent.stat().st_mode & 0o077 == 0
    assert keys.load_private(private).public_key == made == keys.load_public(keys.public_file(private))
    before = private.read_bytes()
    with pytest.raises(Conflict):
        keys.make(private)
    assert private.read_bytes() == before


def test_a_public_key_alone_keeps_a_new_pair_from_being_made_beside_it(tmp_path: Path) -> None:
    keys.public_file(tmp_path / "k").write_text("a")
    with pytest.raises(Conflict):
        keys.make(tmp_path / "k")
    assert not (tmp_path / "k").exists()


def test_a_key_that_others_can_read_does_not_sign(tmp_path: Path) -> None:
    keys.make(tmp_path / "k")
    (tmp_path / "k").chmod(0o640)
    with pytest.raises(Refused, match="chmod 600"):
        ProcessSigner(tmp_path / "k").key_id()


def test_what_is_no_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="keys init"):
        ProcessSigner(tmp_path / "nothing").key_id()
    (tmp_path / "text").write_text("hello")
    (tmp_path / "text").chmod(0o600)
    with pytest.raises(InvalidInput):
        ProcessSigner(tmp_path / "text").key_id()
    with pytest.raises(InvalidInput):
        keys.load_public(tmp_path / "text")
    keys.make(tmp_path / "k")
    with pytest.raises(InvalidInput, match="a private key"):
        keys.load_public(tmp_path / "k")


def test_the_signers_process_signs_a_verdict(tmp_path: Path) -> None:
    made = keys.make(tmp_path / "k")
    signer = ProcessSigner(tmp_path / "k")
    assert signer.key_id() == made.keyid
    signed = signer.attest(RESULT, "my-proof")
    assert signed.key_id == made.keyid
    assert envelope.verify(signed.content, made) == ATTESTED


def test_the_signer_refuses_what_has_no_bundle_or_is_no_number(tmp_path: Path) -> None:
    keys.make(tmp_path / "k")
    signer = ProcessSigner(tmp_path / "k")
    with pytest.raises(InvalidInput, match="no subject"):
        signer.attest(ProofResult(None, Verdict.INVALID), "n")
    unbounded = replace(RESULT.environment, limits={"wall_seconds": float("inf")})
    with pytest.raises(InvalidInput, match="Infinity"):
        signer.attest(replace(RESULT, environment=unbounded), "n")


WATCHED = """
import json, runpy, sys
seen = []
sys.addaudithook(lambda name, arguments: seen.append(name))
sys.argv = ["signer", sys.argv[1]]
try:
    runpy.run_module("clearinghouse.adapters.signing", run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code
print(json.dumps([code, sorted(set(seen))]))
"""


def ask(key: Path, request: bytes) -> tuple[dict[str, Any], int, list[str]]:
    """The signer's process with an ear on it: its answer, its exit code, and the kinds of things that it did."""
    done = subprocess.run([sys.executable, "-c", WATCHED, str(key)], input=request, capture_output=True, check=True)
    answer, watched = done.stdout.splitlines()
    code, seen = json.loads(watched)
    return json.loads(answer), code, seen


def test_the_signers_process_starts_nothing_and_connects_to_nothing(tmp_path: Path) -> None:
    keys.make(tmp_path / "k")
    answer, code, seen = ask(tmp_path / "k", json.dumps({"name": "n", "result": RESULT.as_json()}).encode())
    assert (list(answer), code) == (["key_id", "envelope"], 0)
    assert "open" in seen  # the ear hears
    started = ("subprocess", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.spawn", "socket", "ctypes", "pty")
    assert [name for name in seen if name.startswith(started)] == []


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"[]",
        b"{}",
        b'{"name":"n","name":"n","result":null}',
        json.dumps({"name": "n", "result": None}).encode(),
        json.dumps({"name": 5, "result": RESULT.as_json()}).encode(),
        json.dumps({"name": "n", "result": {**RESULT.as_json(), "more": 1}}).encode(),
        json.dumps({"name": "n", "result": {**RESULT.as_json(), "verdict": "approved"}}).encode(),
        json.dumps({"name": "n", "result": RESULT.as_json(), "payload": "x"}).encode(),
    ],
)
def test_the_signer_signs_nothing_that_does_not_parse(tmp_path: Path, request_: bytes) -> None:
    keys.make(tmp_path / "k")
    answer, code, _ = ask(tmp_path / "k", request_)
    assert list(answer) == ["error"]
    assert (answer["error"]["code"], code) == ("invalid-input", 65)


def test_a_module_of_the_same_name_in_the_present_folder_is_not_taken_for_the_signer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.make(tmp_path / "k")
    (tmp_path / "clearinghouse").mkdir()
    (tmp_path / "clearinghouse" / "__init__.py").write_text("raise SystemExit('taken')")
    (tmp_path / "json.py").write_text("raise SystemExit('taken')")
    monkeypatch.chdir(tmp_path)
    assert ProcessSigner(Path("k")).key_id()
