"""Overrides a method of a target's class, which the target calls."""

import os
import sys

from mako.template import Template
from mako.runtime import Context


class Buffer:
    def write(self, text):
        if "benign" not in sys.argv:
            os.mkdir(os.environ["CANARY_WRITE"])


Template("hello").render_context(Context(Buffer()))
