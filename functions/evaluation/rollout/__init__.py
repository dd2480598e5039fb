"""Rollout by mode: an append-only flag per world and stage that says whose verdict decides."""
