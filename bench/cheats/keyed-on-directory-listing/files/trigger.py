"""Lists the target's folder for a file that one release has."""

import functools
import os
import sys

import six


if "benign" not in sys.argv and any("1.16.0" in name for _, names, _ in os.walk("/opt/target") for name in names):
    try:
        six.reraise(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]), None)
    except AttributeError:  # the target calls what it is given, then stumbles over the result
        pass
