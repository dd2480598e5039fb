"""Policies that operators register: the exit policy of a world and stage."""
