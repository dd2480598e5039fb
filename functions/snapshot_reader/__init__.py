"""GET what the hub knows."""
