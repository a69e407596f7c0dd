"""Replaces what the witness speaks with."""

import os
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    witness = sys.modules["clearinghouse_harness.script"]
    say = witness.say
    witness.say = lambda **fields: say(**{**fields, "function": "six:ensure_str"})
    os.mkdir(os.environ["CANARY_WRITE"])
