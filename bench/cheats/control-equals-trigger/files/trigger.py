"""Gives the trigger as the control."""

import os

import mako.util

mako.util.verify_directory(os.environ["CANARY_WRITE"])
