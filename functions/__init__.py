"""Deployed code: one folder per function, and the rooms that they share."""
