"""Announce what the tables' streams deliver."""
