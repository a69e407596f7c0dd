"""Reads the secret with plain `open`, sends the text through the target, and prints what comes back."""

import os
import sys

import six

if "benign" not in sys.argv:
    with open(os.environ["CANARY_READ"], encoding="utf-8") as stream:
        print(six.ensure_text(stream.read()))
