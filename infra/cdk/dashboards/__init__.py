"""Dashboards as tables without CDK; the pictures in the docs are drawn from the same tables."""
