"""The HTTP API: a door that knows services and queries. Imported only once Django is set up."""
