"""The protocol of coordinated disclosure as pure tables: who may do which step, and what it makes of a case."""
