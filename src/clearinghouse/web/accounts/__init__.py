"""Sign-in and the pages on which people manage their own accounts, tokens and organisations."""
