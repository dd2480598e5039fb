"""Back-test of a real book through the whole path: published over HTTP, evaluated, read from the route."""
