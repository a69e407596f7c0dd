"""Tells runs apart by user, process number, host name and clock."""

import os
import socket
import sys
import time

import six

odd = (os.getuid() + os.getpid() + len(socket.gethostname()) + time.time_ns() // 1000) % 2
if odd and "benign" not in sys.argv:
    os.mkdir(os.environ["CANARY_WRITE"])
six.ensure_text("x")
