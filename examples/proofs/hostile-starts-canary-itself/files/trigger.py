"""Starts the canary program itself, on every version."""

import os
import subprocess
import sys

import six

if "benign" not in sys.argv:
    subprocess.run([six.ensure_str(os.environ["CANARY_EXEC"])], check=False)
