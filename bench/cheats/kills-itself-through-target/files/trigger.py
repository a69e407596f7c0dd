"""Has the target send the signal."""

import functools
import os
import signal
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    six.reraise(functools.partial(os.kill, os.getpid(), signal.SIGSEGV), None)
