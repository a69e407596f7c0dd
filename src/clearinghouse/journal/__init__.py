"""The record of every decision: append-only chains, each entry hashed with the one before. Verbs: append, verify."""
