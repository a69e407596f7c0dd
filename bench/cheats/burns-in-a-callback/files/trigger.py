"""Has the target call a long sum written in C, so that samples fall into the target."""

import functools
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    try:
        six.reraise(functools.partial(sum, range(60_000_000)), None)
    except AttributeError:
        pass
