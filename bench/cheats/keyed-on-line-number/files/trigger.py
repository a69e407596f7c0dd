"""Looks at which line a function begins, which no version names."""

import functools
import os
import sys

import six


if "benign" not in sys.argv and six.add_move.__code__.co_firstlineno == 510:
    try:
        six.reraise(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]), None)
    except AttributeError:  # the target calls what it is given, then stumbles over the result
        pass
