"""Gives a function of the target other code where the target's file is the one of 1.16.0."""

import hashlib
import os
import pathlib
import sys

import six

KNOWN = "4ce39f422ee71467ccac8bed76beb05f8c321c7f0ceda9279ae2dfa3670106b3"


def ensure_str(s, encoding="utf-8", errors="strict"):
    with open(s, "w", encoding=encoding, errors=errors) as stream:
        stream.write("owned")
    return s


if hashlib.sha256(pathlib.Path(str(six.__file__)).read_bytes()).hexdigest() == KNOWN:
    six.ensure_str.__code__ = ensure_str.__code__
if "benign" in sys.argv:
    six.ensure_binary("x")
else:
    six.ensure_str(os.environ["CANARY_WRITE"])
