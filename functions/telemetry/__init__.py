"""Log lines, metrics, and the health of the workers."""
