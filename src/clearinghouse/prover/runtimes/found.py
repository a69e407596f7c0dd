"""Looks at candidates for an interpreter by asking each, once for each real file, and keeps one of each version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


class _Versioned(Protocol):
    @property
    def version(self) -> str: ...


T = TypeVar("T", bound=_Versioned)


def one_of_each_version(candidates: Iterable[Path], ask: Callable[[Path], T | None]) -> dict[str, T]:
    """What `ask` says of the candidates, by version, the first of each; None is for what is no interpreter."""
    seen: set[Path] = set()
    found: dict[str, T] = {}
    for candidate in candidates:
        try:
            real = candidate.resolve(strict=True)
        except OSError:
            continue
        if real not in seen:
            seen.add(real)
            answer = ask(candidate)
            if answer is not None:
                found.setdefault(answer.version, answer)
    return found
