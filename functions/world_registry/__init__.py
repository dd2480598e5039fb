"""Manage the operators' expectations and exit policies of the worlds."""
