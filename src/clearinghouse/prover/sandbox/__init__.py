"""Where foreign code runs: one interface, one provider today (bubblewrap on Linux); where there is none, nothing runs."""
