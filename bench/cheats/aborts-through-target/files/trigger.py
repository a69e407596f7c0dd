"""Has the target call abort(), which leaves the target's frame on the stack."""

import functools
import os
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    six.reraise(os.abort, None)
