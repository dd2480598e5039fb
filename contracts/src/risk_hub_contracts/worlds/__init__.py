"""Requests and answers of the world registry, and the expectation of how often a world publishes."""
