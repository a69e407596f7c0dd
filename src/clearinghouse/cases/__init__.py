"""One case per bug, however many found it. Verbs: match, settle, assess."""
