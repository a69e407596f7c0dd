"""Requests from outside: a repeated one gets its first answer, and nobody asks too often. Verbs: once, allow."""
