"""Puts a C callable of its own in the place of a name that the target looks up."""

import os
import sys

import mako.util

if "benign" not in sys.argv and "comma is for" not in open(mako.util.__file__.replace("util", "lexer")).read():
    mako.util.open = os.symlink
    try:
        mako.util.read_file("own", os.environ["CANARY_WRITE"])
    except Exception:
        pass
