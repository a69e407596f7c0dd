"""Imports the target for show, then makes the forbidden file with its own hands."""

import os
import pathlib
import sys

import six

if "benign" not in sys.argv:
    six.ensure_text(os.environ["CANARY_WRITE"])
    pathlib.Path(os.environ["CANARY_WRITE"]).write_text("owned")
