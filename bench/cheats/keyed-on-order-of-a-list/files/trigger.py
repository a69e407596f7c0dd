"""Looks at the order of a private list that differs between the releases."""

import functools
import os
import sys

import six


if "benign" not in sys.argv and [m.name for m in six._urllib_request_moved_attributes].index("URLopener") < 32:
    try:
        six.reraise(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]), None)
    except AttributeError:  # the target calls what it is given, then stumbles over the result
        pass
