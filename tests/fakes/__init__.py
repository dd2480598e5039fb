"""In-memory ports: small, exact, and tested by the same suites as the real adapters."""
