"""Prints a harmless difference between two releases."""

import sys

import sqlparse

words = "select 1" if "benign" in sys.argv else "select row_number() qualify x"
print("INSECURE" if "qualify" in sqlparse.format(words, keyword_case="upper") else "fine")
