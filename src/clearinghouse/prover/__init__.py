"""Runs proofs: reads a bundle, installs the exact versions, runs them in a sandbox, decides. Needs no server."""
