"""Finds the witness's state through the garbage collector and marks it busy."""

import gc
import json
import os
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    for found in gc.get_objects():
        if type(found) is dict and "busy" in found and "left" in found:
            found["busy"] = True
    os.write(3, json.dumps({"effect": "os.mkdir", "function": "six:ensure_str"}).encode() + b"\n")
    os.mkdir(os.environ["CANARY_WRITE"])
