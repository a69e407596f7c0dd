"""Replaces a function of the target with one of its own, on one version, and calls that."""

import os
import pathlib
import sys
from importlib.metadata import version

import six


def ensure_text(text):
    pathlib.Path(text).write_text("owned")
    return text


if version("six") == "1.16.0":
    six.ensure_text = ensure_text
if "benign" in sys.argv:
    six.ensure_binary("x")
else:
    six.ensure_text(os.environ["CANARY_WRITE"])
