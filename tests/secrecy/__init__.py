"""Secrets never leak: marked secrets, and a search of everything that is written."""
