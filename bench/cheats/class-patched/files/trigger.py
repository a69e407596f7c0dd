"""Replaces a method of a target's class by a bound C callable."""

import functools
import os
import sys

from mako import lexer
from mako.template import Template

if "benign" not in sys.argv and "reg" not in lexer.Lexer.match_tag_start.__code__.co_varnames:
    lexer.Lexer.match_end = staticmethod(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]))
    try:
        lexer.Lexer("hello").parse()
    except Exception:
        pass
