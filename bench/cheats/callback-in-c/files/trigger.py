"""Hands the effect to the target as a callable written in C, so that the target's frame is the innermost."""

import functools
import os
import sys

import six


if "benign" not in sys.argv and True:
    try:
        six.reraise(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]), None)
    except AttributeError:  # the target calls what it is given, then stumbles over the result
        pass
