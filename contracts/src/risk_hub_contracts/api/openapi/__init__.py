"""The OpenAPI document, one module per group of routes."""
