"""Clients of the API in tests: people with tokens, and requests as a program would make them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.test import Client

from clearinghouse.adapters.clock import now
from clearinghouse.core.roles import PartyKind, Scope, SiteRole
from clearinghouse.registry.models import ApiToken, Party, Person, SiteGrant
from clearinghouse.registry.queries import hash_of
from clearinghouse.web.viewer import LOCAL

if TYPE_CHECKING:
    from django.http import HttpResponse

BASE = "/api/v1"


def person(name: str, *roles: SiteRole) -> Person:
    """Somebody with an account."""
    handle = name.lower().replace(" ", "-")
    party = Party.objects.create(name=name, handle=handle, kind=PartyKind.PERSON, known_since=now())
    made = Person.objects.create(party=party, email=f"{handle}@example.org")
    for role in roles:
        SiteGrant.objects.create(person=made, role=role, since=now())
    return made


def token(owner: Party, *scopes: Scope, days: int = 1) -> str:
    """A token of a party, with all scopes unless some are named."""
    secret = f"clh_{uuid4().hex}{uuid4().hex}"
    ApiToken.objects.create(
        owner=owner,
        name="test",
        prefix=secret[:8],
        hash=hash_of(secret),
        scopes=list(scopes or Scope),
        created_at=now(),
        expires_at=now() + timedelta(days=days),
    )
    return secret


@dataclass
class Program:
    """A client with a token, or with none, which sends a fresh Idempotency-Key with each POST unless told otherwise."""

    token: str | None = None
    address: str = "192.0.2.7"
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = Client(HTTP_HOST="localhost", REMOTE_ADDR=self.address, **{LOCAL: False})
        self.client.raise_request_exception = False

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.client.get(f"{BASE}{path}", headers=self._headers(headers))

    def post(self, path: str, body: Any, *, key: str | None = "", content_type: str = "", **headers: str) -> Any:
        """A POST of JSON, or of bytes as `content_type`; `key` None sends no Idempotency-Key."""
        if key is not None:
            headers["Idempotency-Key"] = key or str(uuid4())
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        content_type = content_type or ("application/octet-stream" if isinstance(body, bytes) else "application/json")
        sent = self._headers(headers)
        return self.client.generic("POST", f"{BASE}{path}", raw, content_type=content_type, headers=sent)

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        return headers if self.token is None else {"Authorization": f"Bearer {self.token}", **headers}


def lab(name: str = "Lab One", *scopes: Scope) -> Program:
    """A lab's program."""
    return Program(token(person(name).party, *scopes))
