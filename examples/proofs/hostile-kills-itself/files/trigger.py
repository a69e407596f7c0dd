"""Sends itself SIGSEGV on one version."""

import os
import signal
import sys
from importlib.metadata import version

import six

six.ensure_text("x")
if "benign" not in sys.argv and version("six") == "1.16.0":
    os.kill(os.getpid(), signal.SIGSEGV)
