"""Evaluation of strategies in one request: inputs that the hub resolves, verdicts, and the runs that record them."""
