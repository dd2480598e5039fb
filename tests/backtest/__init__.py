"""Back-test of a real book through the whole path: published by HTTP, evaluated by the engine, judged by the route."""
