"""Job queues: `memory` for tests, `later` where the worker finds the work itself, `dbos` for the worker."""
