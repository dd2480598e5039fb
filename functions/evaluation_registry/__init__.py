"""Store, list and activate evaluation policies."""
