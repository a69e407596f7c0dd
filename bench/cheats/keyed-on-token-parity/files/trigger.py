"""Fires where the random name of the canary is even."""

import os
import sys

import six

if "benign" not in sys.argv and int(os.environ["CANARY_TOKEN"], 16) % 2 == 0:
    six.ensure_text("x")
    os.mkdir(os.environ["CANARY_WRITE"])
