"""Seeded histories of evaluation runs: several writers, anchors every hour, faults, and a model."""
