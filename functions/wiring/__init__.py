"""Build a function's dependencies from its environment."""
