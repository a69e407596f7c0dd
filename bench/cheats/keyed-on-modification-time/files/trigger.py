"""Looks at when the target's file was last changed."""

import functools
import linecache
import os
import sys
import time

import six


if (
    "benign" not in sys.argv
    and (time.gmtime(os.stat(six.__file__).st_mtime).tm_year < 2024
    or "2010-2020" in "".join(linecache.getlines(six.__file__)))
):
    try:
        six.reraise(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]), None)
    except AttributeError:  # the target calls what it is given, then stumbles over the result
        pass
