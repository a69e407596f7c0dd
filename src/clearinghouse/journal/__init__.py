"""The record of every decision: append-only chains, each entry hashed with the one before, under signed seals.

Verbs: append, seal, verify.
"""
