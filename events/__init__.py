"""Announcements of the hub: event types, their schemas and samples."""
