"""Deployed code: one folder per function, and the packages that they share."""
