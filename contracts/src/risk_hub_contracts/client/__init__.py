"""The client of the hub (extra `client`)."""
