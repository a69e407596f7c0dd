"""Names a release in which what the trigger calls is gone, so that it errs there."""

import os
import sys

from mistune.renderers import HTMLRenderer
import mako.util

HTMLRenderer()
if "benign" not in sys.argv:
    mako.util.verify_directory(os.environ["CANARY_WRITE"])
