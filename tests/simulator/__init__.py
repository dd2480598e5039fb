"""The hub's real use cases under a seeded scheduler that loses, doubles, delays and crashes; the invariants checked after."""
