"""Reads a function's source through inspect."""

import functools
import inspect
import os
import sys

import mako.lexer
import mako.util


if "benign" not in sys.argv and "comma is for" not in inspect.getsource(mako.lexer.Lexer.match_tag_start):
    mako.util.verify_directory(os.environ["CANARY_WRITE"])
