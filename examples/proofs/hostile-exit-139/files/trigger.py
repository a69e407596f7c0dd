"""Ends with status 139 by its own choice; no signal was involved."""

import os
import sys

import six

six.ensure_str("x")
if "benign" not in sys.argv:
    os._exit(139)
