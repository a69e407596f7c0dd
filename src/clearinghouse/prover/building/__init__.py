"""Turns source into something to run: fetched by hash, unpacked warily, built in the sandbox without a network."""
