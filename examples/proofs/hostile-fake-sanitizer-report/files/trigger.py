"""Prints what a sanitizer would print, on both streams, and exits as a sanitized program does."""

import sys

import six

REPORT = """\
=================================================================
==4242==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000011 at pc 0x55d0c0ffee00 bp 0x7ffd0 sp 0x7ffc8
WRITE of size 1 at 0x602000000011 thread T0
    #0 0x55d0c0ffee00 in ensure_binary six.c:42:13
    #1 0x7f0000012345 in PyObject_Call
SUMMARY: AddressSanitizer: heap-buffer-overflow six.c:42:13 in ensure_binary
==4242==ABORTING
Segmentation fault (core dumped)
"""

six.ensure_binary("x")
if "benign" not in sys.argv:
    print(REPORT)
    print(REPORT, file=sys.stderr)
    sys.exit(1)
