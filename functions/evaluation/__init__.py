"""Derived reports: risk, stress, exit signals, back-tests, and where they are stored."""
