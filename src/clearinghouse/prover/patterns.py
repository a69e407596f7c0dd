"""Searches text with a finder's regular expression, in a process of its own: a pattern may be an attack itself."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache

SECONDS = 3.0
_SEARCH = "import json,re,sys;p,t=json.load(sys.stdin);sys.exit(0 if re.search(p,t) else 3)"
_NO_MATCH = 3


class PatternTooSlow(Exception):
    """The pattern did not finish on this text in the time allowed."""


@lru_cache(maxsize=4096)
def search(pattern: str, text: str) -> bool:
    """Whether `pattern` is found in `text`. Raises PatternTooSlow."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _SEARCH],
            input=json.dumps([pattern, text]),
            text=True,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PatternTooSlow(f"the pattern {pattern!r} takes more than {SECONDS:g} s on this text") from None
    if done.returncode not in {0, _NO_MATCH}:
        raise PatternTooSlow(f"the pattern {pattern!r} fails on this text")
    return done.returncode == 0
