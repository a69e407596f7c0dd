"""Reopens the report through /proc."""

import json
import os
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    with open("/proc/self/fd/3", "w") as report:
        report.write(json.dumps({"effect": "os.mkdir", "function": "six:ensure_str"}) + "\n")
    os.mkfifo(os.environ["CANARY_WRITE"])
