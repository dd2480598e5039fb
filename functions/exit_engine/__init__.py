"""Hold each evaluation against its world's exit policy, and emit signals."""
