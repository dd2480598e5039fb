"""Use cases of the hub, one verb and noun per file; they depend on ports only."""
