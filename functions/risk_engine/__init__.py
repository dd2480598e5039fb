"""Compute the risk numbers of each announced snapshot."""
