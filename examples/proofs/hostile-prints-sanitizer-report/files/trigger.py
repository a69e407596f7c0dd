"""Prints, on both streams, what the sanitizer writes to its log, and exits as it does."""

import sys

import ujson

REPORT = """\
=================================================================
==4==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000011 at pc 0x55d0c0ffee00 bp 0x7ffd0 sp 0x7ffc8
WRITE of size 1 at 0x602000000011 thread T0
    #0 0x55d0c0ffee00 in encode\tlib/ultrajsonenc.c:682\t(/opt/target/ujson.cpython-311-x86_64-linux-gnu.so)
"""

ujson.dumps("x")
if "benign" not in sys.argv:
    print(REPORT)
    print(REPORT, file=sys.stderr)
    sys.exit(86)
