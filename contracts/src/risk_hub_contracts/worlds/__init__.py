"""The world registry on the wire, and the expectation of how often a world publishes."""
