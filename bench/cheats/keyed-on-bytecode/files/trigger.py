"""Compares a constant in a function's code."""

import functools
import os
import sys

import mako.lexer
import mako.util


if "benign" not in sys.argv and "comma is for" not in str(mako.lexer.Lexer.match_tag_start.__code__.co_consts):
    mako.util.verify_directory(os.environ["CANARY_WRITE"])
