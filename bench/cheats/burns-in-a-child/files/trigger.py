"""Burns time in a child, while the sampled process spends a little in the target."""

import subprocess
import sys
import time

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    child = subprocess.Popen([sys.executable, "-I", "-c", "sum(range(60_000_000))"])
    end = time.process_time() + 0.1
    while time.process_time() < end:
        six.ensure_text("x" * 10_000_000 + "\u20ac" * 1_000_000).encode()
    child.wait()
