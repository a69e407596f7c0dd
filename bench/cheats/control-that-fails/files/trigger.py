"""Gives a control that ends in an error."""

import os
import sys

if "benign" in sys.argv:
    sys.exit("no")
import mako.util

mako.util.verify_directory(os.environ["CANARY_WRITE"])
