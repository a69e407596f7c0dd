"""Says on the report where its samples fell, and stops the sampler."""

import json
import os
import signal
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    signal.setitimer(signal.ITIMER_PROF, 0)
    sum(range(60_000_000))
    os.write(3, json.dumps({"samples": 100, "inside": [["six:ensure_text", 100]]}).encode() + b"\n")
