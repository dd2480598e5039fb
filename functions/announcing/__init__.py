"""Announce committed records on the event bus: relay, replay, failure queue."""
