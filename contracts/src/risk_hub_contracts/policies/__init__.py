"""Policies that operators register: exit policies of worlds, and evaluation policies with their activations."""
