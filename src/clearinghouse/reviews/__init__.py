"""Models offered for review before their release: the submission, its window, who takes part, the report, the end."""
