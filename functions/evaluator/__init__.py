"""Evaluate strategies of a world."""
