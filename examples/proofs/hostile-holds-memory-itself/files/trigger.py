"""Calls the target for show, then takes 400 MiB with its own hands."""

import sys

import six

if "benign" not in sys.argv:
    six.ensure_text("400")
    held = bytearray(400 << 20)
