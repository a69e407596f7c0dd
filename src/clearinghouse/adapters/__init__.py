"""What the outside world is made of: each module implements a port of `core.ports` and knows no room."""
