"""Burns processor time by itself on one version."""

import sys
import time
from importlib.metadata import version

import six

six.ensure_text("x" * 1000)
if "benign" not in sys.argv and version("six") == "1.16.0":
    while time.process_time() < 1.0:
        pass
