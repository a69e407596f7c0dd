"""Job queues: `memory` for tests and small tools, `later` where the worker finds the work itself, `dbos` for the worker."""
