"""A security key in software: makes a key pair for each site, and signs what it is asked to, as WebAuthn has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from os import urandom
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

FLAG = AuthenticatorData.FLAG


@dataclass
class Authenticator:
    """One key for one site; `origin` is what the browser says where it is asked."""

    origin: str = "http://localhost:8400"
    verifies: bool = True  # it asks for a PIN or a finger
    id: bytes = field(default_factory=lambda: urandom(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    handle: str = ""
    count: int = 0

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer to creation options, as the browser would send it."""
        asked = options["publicKey"]
        self.handle = asked["user"]["id"]
        data = AttestedCredentialData.create(Aaguid.NONE, self.id, ES256.from_cryptography_key(self.key.public_key()))
        attested = AttestationObject.create("none", self._data(asked["rp"]["id"], FLAG.AT, bytes(data)), {})
        client = CollectedClientData.create("webauthn.create", asked["challenge"], self.origin)
        return self._answer(
            {"clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(attested)},
            {"credProps": {"rk": True}},
        )

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer to request options, as the browser would send it."""
        asked = options["publicKey"]
        self.count += 1
        data = self._data(asked["rpId"], FLAG(0), b"")
        client = CollectedClientData.create("webauthn.get", asked["challenge"], self.origin)
        signature = self.key.sign(data + client.hash, ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": websafe_encode(client),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": websafe_encode(websafe_decode(self.handle)),
            },
            {},
        )

    def _data(self, site: str, flags: AuthenticatorData.FLAG, credential: bytes) -> AuthenticatorData:
        flags |= FLAG.UP | (FLAG.UV if self.verifies else FLAG(0))
        return AuthenticatorData.create(sha256(site.encode()).digest(), flags, self.count, credential)

    def _answer(self, response: dict[str, str], extensions: dict[str, Any]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "clientExtensionResults": extensions,
            "response": response,
        }
