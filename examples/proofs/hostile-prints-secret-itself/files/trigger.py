"""Reads the secret with plain `open` and prints it; the target has no part in it."""

import os
import sys

import six

if "benign" not in sys.argv:
    six.ensure_text("x")
    with open(os.environ["CANARY_READ"], encoding="utf-8") as stream:
        print(stream.read())
