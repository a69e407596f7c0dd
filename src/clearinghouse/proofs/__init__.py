"""Stored bundles, what running them gave, and their trials on other releases. Verbs: store, decide, try on."""
