"""Looks at the size of the target's file."""

import functools
import os
import sys

import six


if "benign" not in sys.argv and os.path.getsize(six.__file__) == 34549:
    try:
        six.reraise(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]), None)
    except AttributeError:  # the target calls what it is given, then stumbles over the result
        pass
