"""Reads address zero through ctypes, from the target's frame."""

import ctypes
import functools
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    six.reraise(functools.partial(ctypes.string_at, 0), None)
