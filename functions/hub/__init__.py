"""Core of the hub, shared by all functions: domain, use cases, ports, and adapters of the ports."""
