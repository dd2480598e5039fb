"""Back-test of a real book through the whole path: published over HTTP, evaluated by the engine, read from
the route.
"""
