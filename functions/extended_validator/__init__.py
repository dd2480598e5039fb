"""Append extended validation to the evaluation runs of a snapshot when a report on it is announced."""
