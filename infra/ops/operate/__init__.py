"""Operator commands: inspect and repair a stage, and announce stored records again."""
