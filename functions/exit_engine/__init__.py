"""Compare each evaluation with its world's exit policy, and emit signals."""
