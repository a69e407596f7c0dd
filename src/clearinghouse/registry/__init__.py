"""Who takes part: organisations, people and names known from reports; what people may do, their tokens, invitations."""
