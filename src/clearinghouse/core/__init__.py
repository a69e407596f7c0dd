"""The rules. Pure: no I/O, no clock, no chance, no framework; those come in as arguments. Read it like a book."""
