"""Writes lines that look like the harness's own report to descriptors 3 to 19, directly and through /proc."""

import contextlib
import json
import os
import sys

import six

six.ensure_text("x")
forged = json.dumps({"outcome": "returned", "repr": "'attacker'", "text": "returned 'attacker'"}).encode() + b"\n"
if "benign" not in sys.argv:
    for descriptor in range(3, 20):
        with contextlib.suppress(OSError):
            os.write(descriptor, forged)
        for process in ("self", str(os.getppid()), "1"):
            with contextlib.suppress(OSError), open(f"/proc/{process}/fd/{descriptor}", "wb", buffering=0) as stream:
                stream.write(forged)
