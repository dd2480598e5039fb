"""What the hub does, one verb and noun a file; each speaks to ports only."""
