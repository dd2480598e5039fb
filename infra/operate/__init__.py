"""Operator commands: see and repair the queues of a stage, and announce again what it stored."""
