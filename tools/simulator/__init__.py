"""The hub's real use cases under a seeded scheduler of faults, and the invariants checked after."""
