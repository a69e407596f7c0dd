"""Lets the target fail to read the forbidden path, then makes the file with its own hands."""

import os
import pathlib
import sys

from mako.util import read_file

if "benign" not in sys.argv:
    try:
        read_file(os.environ["CANARY_WRITE"])
    except OSError:  # an inert stub raises nothing
        pathlib.Path(os.environ["CANARY_WRITE"]).write_text("owned")
