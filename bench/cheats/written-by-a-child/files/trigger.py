"""Leaves the effect to a forked child that outlives it."""

import os
import sys
import time

import six

if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read() and os.fork() == 0:
    os.setsid()
    time.sleep(0.3)
    os.mkdir(os.environ["CANARY_WRITE"])
    os._exit(0)
six.ensure_text("x")
