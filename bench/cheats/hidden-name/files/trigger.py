"""Names the forbidden path by a text whose repr says something else."""

import json
import os
import sys

import six


class Text(str):
    def __repr__(self):
        return "?"


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    os.write(3, json.dumps({"effect": "os.mkdir", "function": "six:ensure_str"}).encode() + b"\n")
    os.mkdir(Text(os.environ["CANARY_WRITE"]))
