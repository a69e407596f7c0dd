"""Reads what it was given."""

import sys

print(len(sys.stdin.read()))
