"""The vault's process, `python -m clearinghouse.adapters.vault KEY`: seals or opens one secret, and ends.

Standard input holds `{"do": "new key"}`, `{"do": "seal", "wrapped", "secret", "about"}` or `{"do": "open", "wrapped",
"sealed", "about"}`, bytes in base64. Standard output gets `{"answer": …}`, or `{"error": {code, message, advice}}`,
which never repeats a secret. It starts no program, runs no foreign code and opens no connection.
"""

from __future__ import annotations

import json
import resource
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from clearinghouse.adapters.vault import sealing
from clearinghouse.core.errors import ClearinghouseError, InvalidInput

_ARGUMENTS = 2


def answer(key: Path, request: bytes) -> str:
    """What a request is answered with. Raises what `sealing` raises, and InvalidInput for a bad request."""
    try:
        asked: dict[str, Any] = json.loads(request)
        given = {
            name: b64decode(asked[name], validate=True) for name in ("wrapped", "secret", "sealed") if name in asked
        }
        if asked["do"] == "new key":
            found = sealing.new_key(sealing.house_key(key, make=True))
        elif asked["do"] == "seal":
            found = sealing.seal(sealing.house_key(key), given["wrapped"], given["secret"], asked["about"])
        else:
            found = sealing.unseal(sealing.house_key(key), given["wrapped"], given["sealed"], asked["about"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInput("the vault does not understand what it is asked") from None
    return b64encode(found).decode("ascii")


def main() -> int:
    """Answer one request; the exit code is that of the error."""
    if len(sys.argv) != _ARGUMENTS:
        return 2
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not write a secret to disk
    try:
        print(json.dumps({"answer": answer(Path(sys.argv[1]), sys.stdin.buffer.read())}))  # noqa: T201  # the answer
    except ClearinghouseError as error:
        print(json.dumps({"error": {"code": error.code, "message": error.message, "advice": error.advice}}))  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
