"""Decides on whose behalf the API is asked: by a token in the Authorization header, and by nothing else.

Neither a cookie nor the address of the sender gives anything, so that no page elsewhere can make a browser ask here
with more than the public's rights.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ninja.security.base import AuthBase

from clearinghouse.api import limits
from clearinghouse.api.errors import OutOfScope, Unauthenticated
from clearinghouse.bootstrap import wiring
from clearinghouse.core.visibility import PUBLIC, Actor
from clearinghouse.registry import services as registry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from clearinghouse.core.roles import Scope

_ADVICE = "send `Authorization: Bearer` with a token that `clearinghouse token create` made"


class Bearer(AuthBase):
    """Lets in whoever sends a valid token with `scope`; with `public`, also those who send none, as the public."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, scope: Scope | None, *, public: bool = False) -> None:
        super().__init__()
        self.scope = scope
        self.public = public

    def __call__(self, request: HttpRequest) -> Actor:
        """The actor of a request, counted against its limit. Raises Unauthenticated, OutOfScope, RateLimited."""
        token = token_in(request)
        if token is None:
            limits.count_address(request)
            if self.public:
                return PUBLIC
            raise Unauthenticated("this needs a token", advice=_ADVICE)
        actor = registry.use_token(token, at=wiring.clock())
        if actor is None:
            limits.count_address(request)
            raise Unauthenticated("the token is not valid, or no longer", advice=_ADVICE)
        limits.count_token(request, hashlib.sha256(token.encode()).hexdigest())
        if self.scope and actor.scopes is not None and self.scope not in actor.scopes:
            advice = f"use a token with the scope {self.scope}"
            raise OutOfScope("the token was not made for this", advice=advice)
        return actor


class NoToken(AuthBase):
    """Lets in everybody, counted by address: what is asked for carries its own proof."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Actor:
        """The public. Raises RateLimited."""
        limits.count_address(request)
        return PUBLIC


def token_in(request: HttpRequest) -> str | None:
    """The token of the Authorization header, None without such a header. Raises Unauthenticated for anything else."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or not token.isascii() or " " in token or len(token) > 500:  # noqa: PLR2004
        limits.count_address(request)
        raise Unauthenticated("the Authorization header holds no token", advice=_ADVICE)
    return token
