"""The names of the canaries that a bundle may use under each oracle, and a check that it uses no other.

`{{canary.NAME}}` in a text stands for what the run's own canary is; `{{path:files/x}}` is no canary.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from clearinghouse.core.proof import OracleName
from clearinghouse.core.steps import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

REDIRECTS: Final = (301, 302, 303, 307, 308)
EVERYWHERE: Final = ("exec", "read", "root", "write", "token")
# The decoy listens, and the secret is told, only where the oracle asks for it: a secret told is no secret to be read.
CONNECT: Final = ("url", "innocent", "redirect", *(f"redirect.{status}" for status in REDIRECTS), "secret")
_USED = re.compile(r"\{\{canary\.([^}]*)\}\}")


def canaries_of(oracle: OracleName) -> tuple[str, ...]:
    """The names that stand for something under this oracle."""
    return (*EVERYWHERE, *CONNECT) if oracle is OracleName.CONNECT else EVERYWHERE


def unknown_canaries(oracle: OracleName, value: Any) -> Iterator[str]:
    """The placeholders in the texts of a JSON-like value that stand for nothing, in their order."""
    known = canaries_of(oracle)
    for item in walk(value):
        if isinstance(item, str):
            yield from (name for name in _USED.findall(item) if name not in known)
