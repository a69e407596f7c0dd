"""Asks the installed distributions for the version."""

import functools
import importlib.metadata
import os
import sys

import six


if "benign" not in sys.argv and any(
    d.version == "1.16.0" for d in importlib.metadata.distributions() if d.metadata["Name"] == "six"
):
    try:
        six.reraise(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]), None)
    except AttributeError:  # the target calls what it is given, then stumbles over the result
        pass
