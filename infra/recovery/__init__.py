"""Announce stored records again: shared by the commands of operators and the local stage."""
