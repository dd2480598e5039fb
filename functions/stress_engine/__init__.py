"""Compute the stress losses of each announced snapshot."""
