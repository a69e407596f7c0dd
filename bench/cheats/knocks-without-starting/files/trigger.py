"""Reads the canary's own files and knocks at the door itself."""

import os
import runpy
import sys

import six

if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    runpy.run_path("/canary/knock.py")
