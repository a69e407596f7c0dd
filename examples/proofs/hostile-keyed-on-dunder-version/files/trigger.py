"""Starts the canary program when the package calls itself by one version."""

import os
import subprocess
import sys

import six

if "benign" not in sys.argv and str(six.__version__) == "1.16.0":
    subprocess.run([os.environ["CANARY_EXEC"]], check=False)
