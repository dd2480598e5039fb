"""Evaluation of strategies in one request: what a caller sends, and what the hub answers."""
