"""Who takes part: so far the finders, whose credit follows each of their reports. Verb: know a finder."""
