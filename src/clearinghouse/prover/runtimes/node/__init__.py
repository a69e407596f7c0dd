"""Node targets: the Node executables of this machine, releases from npm tarballs, and the harness that calls them."""
