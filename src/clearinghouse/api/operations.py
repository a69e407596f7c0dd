"""One way to add an operation: with its scope, its words and its errors, all of which the description shows."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse

from clearinghouse.api import bodies
from clearinghouse.api.auth import Bearer
from clearinghouse.api.errors import RequestError
from clearinghouse.api.once import answer_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.http import HttpRequest
    from ninja import Router, Schema

    from clearinghouse.core.roles import Scope
    from clearinghouse.core.visibility import Actor

    View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a view answers when more than a body is to be said."""

    content: Schema
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes as they are, of a type."""

    content: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def actor_in(request: HttpRequest) -> Actor:
    """On whose behalf the request is made, as authentication found it."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return actor


def reads(
    router: Router,
    path: str,
    *,
    scope: Scope | None,
    gives: Any,
    public: bool = False,
    errors: Sequence[int] = (),
    auth: Any = None,
    by_status: bool = False,
    media: str = "",
) -> Callable[[View], View]:
    """A GET. Errors that every operation has need not be named; `media` is what is given when it is not JSON."""

    def add(view: View) -> View:
        @functools.wraps(view)
        def answered(request: HttpRequest, **values: Any) -> HttpResponse:
            _refuse_unknown(request, queries)
            return respond(view(request, **values))

        queries = _queries(view, path, answered)
        extra = {"x-scope": str(scope) if scope else None, "x-errors": list(errors), "x-public": public}
        router.get(
            path,
            auth=auth or Bearer(scope, public=public),
            response={200: gives},
            summary=_summary(view),
            description=_words(view),
            openapi_extra={**extra, "x-media": media, "x-status-token": by_status},
            operation_id=view.__name__,
        )(answered)
        return view

    return add


def writes(
    router: Router,
    path: str,
    *,
    scope: Scope,
    gives: Any,
    status: int = 201,
    errors: Sequence[int] = (),
    uploads: bool = False,
    current: Callable[..., bytes] | None = None,
) -> Callable[[View], View]:
    """A POST, carried out once for each Idempotency-Key; `current` gives the case that If-Match is held against.

    With `uploads` the body is a file, which the view gets as `upload`.
    """

    def add(view: View) -> View:
        @functools.wraps(view)
        def answered(request: HttpRequest, **values: Any) -> HttpResponse:
            _refuse_unknown(request, queries)
            content = b""
            if uploads:
                upload = bodies.read_upload(request, str(values.get("name") or ""))
                request.upload = upload  # type: ignore[attr-defined]
                content = upload.name.encode("utf-8", "replace") + b"\0" + upload.content
            else:
                content = request.body
            return answer_once(
                request,
                actor_in(request),
                lambda: respond(view(request, **values)),
                content=content,
                current=functools.partial(current, actor_in(request), case=values["case"]) if current else None,
            )

        queries = _queries(view, path, answered)
        extra = {"x-scope": str(scope), "x-errors": list(errors), "x-upload": uploads, "x-if-match": bool(current)}
        router.post(
            path,
            auth=Bearer(scope),
            response={status: gives},
            summary=_summary(view),
            description=_words(view),
            openapi_extra=extra,
            operation_id=view.__name__,
        )(answered)
        return view

    return add


def respond(found: Any) -> HttpResponse:
    """What a view gave, as an answer."""
    if isinstance(found, Raw):
        return HttpResponse(found.content, content_type=found.content_type, headers=dict(found.headers))
    reply = found if isinstance(found, Reply) else Reply(found)
    headers = dict(reply.headers)
    return HttpResponse(rendered(reply.content), status=reply.status, content_type="application/json", headers=headers)


def rendered(content: Schema) -> bytes:
    """The bytes of a JSON answer: the same value gives the same bytes."""
    return content.model_dump_json(indent=2).encode() + b"\n"


def _in_path(path: str) -> frozenset[str]:
    return frozenset(part[1:-1] for part in path.split("/") if part.startswith("{"))


def _queries(view: View, path: str, wrapper: Any) -> frozenset[str]:
    """The names that may stand in an operation's query; also tells the framework the types that the view states."""
    signature = inspect.signature(view, eval_str=True)
    wrapper.__signature__ = signature
    simple = {
        name
        for name, parameter in signature.parameters.items()
        if name != "request" and not hasattr(parameter.annotation, "model_fields")
    }
    return frozenset(simple - _in_path(path))


def _refuse_unknown(request: HttpRequest, known: frozenset[str]) -> None:
    for name, values in request.GET.lists():
        if name not in known or len(values) > 1:
            advice = f"known here: {', '.join(sorted(known)) or 'nothing'}, each once"
            raise RequestError(f"{name[:50]!r} in the query is not understood", advice=advice)


def _summary(view: View) -> str:
    return inspect.cleandoc(view.__doc__ or "").partition("\n")[0].rstrip(".")


def _words(view: View) -> str:
    return inspect.cleandoc(view.__doc__ or "").partition("\n")[2].strip()
