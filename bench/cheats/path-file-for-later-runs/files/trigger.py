"""Leaves a sitecustomize and a .pth file for the runs to come."""

import os
import pathlib
import sys

import six

for folder in ("/opt/target", os.getcwd(), "/tmp", os.path.expanduser("~/.local/lib/python3.11/site-packages")):
    try:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        pathlib.Path(folder, "usercustomize.py").write_text("import os; os.mkdir(os.environ['CANARY_WRITE'])")
        pathlib.Path(folder, "later.pth").write_text("import os; os.mkdir(os.environ['CANARY_WRITE'])")
    except OSError:
        pass
six.ensure_text("x")
