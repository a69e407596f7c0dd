"""Has the target touch the canary until the witness takes no more notes, then acts itself."""

import os
import sys

import mako.util


if "benign" not in sys.argv and "comma is for" not in open("/opt/target/mako/lexer.py").read():
    for _ in range(20):
        try:
            mako.util.read_file(os.environ["CANARY_WRITE"])
        except OSError:
            pass
    os.mkdir(os.environ["CANARY_WRITE"])
