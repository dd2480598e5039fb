"""In-memory ports: small, exact, and held to the same suites as the real adapters."""
