"""Sleeps instead of working."""

import sys
import time

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    six.ensure_text("x")
    time.sleep(3)
