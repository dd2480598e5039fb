"""Evaluation policies by reference: immutable versions, and the version that is active for each world."""
