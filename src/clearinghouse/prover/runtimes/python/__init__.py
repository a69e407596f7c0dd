"""Python targets: the interpreters of this machine, releases from wheels, and the harness that calls them."""
