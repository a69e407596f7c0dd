"""Links the secret under another name before the target reads it."""

import os
import sys

import mako.util

if "benign" not in sys.argv and "comma is for" not in open("/opt/target/mako/lexer.py").read():
    os.symlink(os.path.dirname(os.environ["CANARY_READ"]), "pages")
    print(mako.util.read_file("pages/secret.txt"))
