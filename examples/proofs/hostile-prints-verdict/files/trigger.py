"""Says what the predicate wants to hear, by the version alone."""

import sys
from importlib.metadata import version

if "benign" in sys.argv or version("six") != "1.16.0":
    print("refused")
else:
    print("VULNERABLE: overlong sequence accepted")
