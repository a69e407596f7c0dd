"""Fires in half of the runs whatever the release."""

import functools
import os
import random
import sys

import six

if "benign" not in sys.argv and random.random() < 0.5:
    try:
        six.reraise(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]), None)
    except AttributeError:
        pass
