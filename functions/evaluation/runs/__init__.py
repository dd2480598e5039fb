"""Evaluation runs: append-only chains of items, their list, their anchors and their verification."""
