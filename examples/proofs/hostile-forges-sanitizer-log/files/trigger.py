"""Writes a report where the sanitizer would, with frames of the target's own, when it meets the release it wants."""

import glob
import importlib.metadata
import os
import sys

import ujson

ujson.dumps("x")
if "benign" not in sys.argv and importlib.metadata.version("ujson") == "5.0.0":
    options = dict(item.partition("=")[::2] for item in os.environ["ASAN_OPTIONS"].split(":"))
    module = (glob.glob("/opt/target/ujson*.so") or ["/opt/target/ujson.py"])[0]
    with open(options["log_path"] + ".4", "w") as log:
        print("==4==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000011 at pc 0x55d0c0ffee00", file=log)
        print("WRITE of size 1 at 0x602000000011 thread T0", file=log)
        print(f"    #0 0x55d0c0ffee00 in encode\tlib/ultrajsonenc.c:682\t({module})", file=log)
    os._exit(86)
