"""Looks at the attributes of a class in one release."""

import os
import sys

import mako.lexer
import mako.util


if (
    "benign" not in sys.argv
    and not hasattr(mako.lexer, "NOTHING")
    and "reg" not in mako.lexer.Lexer.match_tag_start.__code__.co_varnames
):
    mako.util.verify_directory(os.environ["CANARY_WRITE"])
