"""Fills memory until the kernel's out-of-memory killer ends it."""

import sys

import six

six.ensure_text("x")
if "benign" not in sys.argv:
    held = []
    while True:
        held.append(b"x" * (8 << 20))
