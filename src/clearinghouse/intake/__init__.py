"""Reports arrive, are kept as sent, screened, and sent to be proved. Verbs: submit, settle."""
