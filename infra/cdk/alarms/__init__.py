"""Alarms of a stage as tables without CDK, so that tests, docs and the local stage can read them."""
