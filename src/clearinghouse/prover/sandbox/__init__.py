"""Where foreign code runs: one interface, one provider today (bubblewrap on Linux); without one, nothing runs."""
