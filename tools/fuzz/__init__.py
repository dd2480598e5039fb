"""Generated requests: every phase of schemathesis against the handlers in the suite, and a live stage by `make fuzz`."""
