"""Overflows the stack itself, below a frame of the target's."""

import functools
import sys

import six

sys.setrecursionlimit(10**9)


def down():
    six.reraise(functools.partial(down), None)


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    down()
