"""The HTTP API: routes, query parameters, answers, JSON Schemas and OpenAPI."""
