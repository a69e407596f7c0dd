"""Gives a control that ends before it reaches the target."""

import os
import sys

if "benign" in sys.argv:
    sys.exit(0)
import six

six.ensure_text("x")
os.mkdir(os.environ["CANARY_WRITE"])
