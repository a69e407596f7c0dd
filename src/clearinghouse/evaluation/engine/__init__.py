"""Lets agents try tasks: a process of its own in which an evaluation engine drives models, and nothing is judged."""
