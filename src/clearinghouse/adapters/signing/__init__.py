"""Signs verdicts and seals with Ed25519 in DSSE envelopes, in a process of its own, and checks such signatures."""
