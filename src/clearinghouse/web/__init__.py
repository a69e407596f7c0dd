"""The pages: the house read in a browser, without script, sign-in or a single request to anywhere else."""
