"""POST a snapshot."""
