"""Deployed code: one folder per function, around one small hexagon."""
