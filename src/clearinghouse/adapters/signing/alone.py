"""Keeps what the signer has no use for out of its process; to be imported before anything of securesystemslib.

That library loads those of cloud key services where they are installed, and some open sockets as they are loaded.
"""

from __future__ import annotations

import sys

UNUSED = ("boto3", "botocore", "azure", "google.cloud", "hvac", "PyKCS11")  # None has Python refuse to load them

for _name in UNUSED:
    sys.modules[_name] = None  # type: ignore[assignment]  # what Python itself has there for what must not be loaded
