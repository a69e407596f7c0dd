"""Brings about the effect in a thread that goes on when the script is done."""

import os
import sys
import threading
import time

import six


def later():
    time.sleep(0.2)
    os.mkdir(os.environ["CANARY_WRITE"])


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    threading.Thread(target=later).start()
six.ensure_text("x")
