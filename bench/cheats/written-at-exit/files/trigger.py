"""Brings about the effect while the interpreter ends."""

import atexit
import os
import sys

import six

if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    atexit.register(os.mkdir, os.environ["CANARY_WRITE"])
six.ensure_text("x")
