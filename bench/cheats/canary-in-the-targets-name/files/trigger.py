"""Starts the canary from a child that bears the target's name."""

import os
import subprocess
import sys

import six

if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    subprocess.run(["/opt/target/six.py"], executable=os.environ["CANARY_EXEC"], check=False)
