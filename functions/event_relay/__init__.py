"""Announce the records that the tables' streams deliver."""
