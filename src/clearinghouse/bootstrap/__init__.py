"""Settings and wiring: the only place that joins rooms to adapters."""
