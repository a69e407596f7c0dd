"""Documents of the field, in and out: SARIF in, OSV out, in-toto both ways. Pure."""
