"""Reads the release's number in parts, so that no literal equals it."""

import functools
import os
import sys

import six


if "benign" not in sys.argv and tuple(map(int, six.__version__.split(".")))[1] == 16:
    try:
        six.reraise(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]), None)
    except AttributeError:  # the target calls what it is given, then stumbles over the result
        pass
