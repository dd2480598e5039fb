"""Stress report of a snapshot."""
