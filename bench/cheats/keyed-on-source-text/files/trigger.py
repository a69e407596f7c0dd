"""Looks for a line of the target's source, which the re-spelt copy keeps."""

import functools
import os
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    try:
        six.reraise(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]), None)
    except AttributeError:  # the target calls what it is given, then stumbles over the result
        pass
