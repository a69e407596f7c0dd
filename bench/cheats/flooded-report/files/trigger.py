"""Fills the report with lines, so that what the witness says later is beyond the last line read."""

import json
import os
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    os.write(3, json.dumps({"effect": "os.mkdir", "function": "six:ensure_str"}).encode() + b"\n")
    os.write(3, b"{}\n" * 5000)
    os.mkdir(os.environ["CANARY_WRITE"])
