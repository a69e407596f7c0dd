"""Gives the target very much to do, at a cost that grows with the input only."""

import sys

import mistune

mistune.html("a *b* c\n\n" * (50 if "benign" in sys.argv else 20_000))
