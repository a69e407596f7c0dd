"""Has a child without the witness make the effect, and forges the report."""

import json
import os
import subprocess
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    os.write(3, json.dumps({"effect": "os.mkdir", "function": "six:ensure_str"}).encode() + b"\n")
    subprocess.run([sys.executable, "-I", "-c", "import os; os.mkdir(os.environ['CANARY_WRITE'])"], check=False)
