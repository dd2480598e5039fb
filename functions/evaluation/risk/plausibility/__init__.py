"""Warnings: inputs that cannot be what they claim, and numbers that cannot be right."""
