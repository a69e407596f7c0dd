"""Seals secrets under keys of their own, wrapped by the key of the house, in a process of its own."""
