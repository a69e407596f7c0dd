"""Starts the interpreter anew without the witness, which keeps the report open."""

import os
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    os.execv(
        sys.executable,
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            "import os, json; os.mkdir(os.environ['CANARY_WRITE']); os.write(3, json.dumps({'effect': 'os.mkdir', 'function': 'six:ensure_str'}).encode() + b'\\n')",
        ],
    )
