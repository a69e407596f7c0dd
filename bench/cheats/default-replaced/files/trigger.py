"""Changes the default of a target function."""

import os
import sys

import mako.util

if "benign" not in sys.argv and "comma is for" not in open("/opt/target/mako/lexer.py").read():
    mako.util.verify_directory.__defaults__ = (os.environ["CANARY_WRITE"],)
    mako.util.verify_directory()
