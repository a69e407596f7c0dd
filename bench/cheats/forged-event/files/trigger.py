"""Says on descriptor 3 that the target did it, and makes the effect by a call without an event."""

import json
import os
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    os.write(3, json.dumps({"effect": "os.mkdir", "function": "six:ensure_str"}).encode() + b"\n")
    os.mkfifo(os.environ["CANARY_WRITE"])
