"""Alarm rehearsals: on recorded metrics in the tests, on a local stage by `python -m tools.alarms`."""
