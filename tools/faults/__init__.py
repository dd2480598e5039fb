"""Faults on the real path: the local stage under load while its parts fail."""
