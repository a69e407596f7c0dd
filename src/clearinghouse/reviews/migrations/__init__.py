"""The tables of this room over time."""
