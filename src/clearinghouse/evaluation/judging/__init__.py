"""The judge: makes a bundle of a task and an answer, has the prover decide it, and says pass, fail or no verdict."""
