"""Turn an HTTP request or a queue message into a call of a use case."""
