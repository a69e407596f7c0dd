"""Makes the effect by the C library, which raises no event, and forges the report."""

import ctypes
import json
import os
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    os.write(3, json.dumps({"effect": "os.mkdir", "function": "six:ensure_str"}).encode() + b"\n")
    ctypes.CDLL(None).mkdir(os.environ["CANARY_WRITE"].encode(), 0o755)
