"""Lays a link to the forbidden path, and has the target write to the link."""

import os
import sys

import mako.util

if "benign" not in sys.argv and "comma is for" not in open("/opt/target/mako/lexer.py").read():
    os.symlink("/canary/out", "inside")
    mako.util.verify_directory("inside/" + os.environ["CANARY_TOKEN"])
else:
    mako.util.verify_directory("inside")
