"""Suites: tasks made from proof bundles, what an agent is given for each, and the checks that admit them."""
