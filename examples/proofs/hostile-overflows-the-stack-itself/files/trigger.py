"""Calls the target for show, then has the interpreter write out lists nested deeper than its stack."""

import sys

import six

if "benign" not in sys.argv:
    six.ensure_text("deep")
    sys.setrecursionlimit(10_000_000)
    nested = []
    for _ in range(1_000_000):
        nested = [nested]
    repr(nested)
