"""An AI cybersecurity clearinghouse: a flood of claims goes in; few proven, distinct, ranked cases come out."""

__version__ = "0.1.0"
