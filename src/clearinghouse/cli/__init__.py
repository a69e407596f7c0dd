"""The command line: words on stderr, data on stdout, exit codes as in sysexits."""
