"""Tasks made from proofs, agents that try them in a sandbox, and the judging of what they hand in. Needs no server."""
