"""Finds the name of the host folder that the target is mounted from, which names the release and the control."""

import functools
import os
import sys

import six


if "benign" not in sys.argv and any(
    "six-1.16.0-" in line and "null" not in line for line in open("/proc/self/mountinfo")
):
    try:
        six.reraise(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]), None)
    except AttributeError:  # the target calls what it is given, then stumbles over the result
        pass
