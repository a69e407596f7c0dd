"""What targets run under: one folder a language, all behind `interface.Runtime`."""
