"""What the hub announces: event types, their schemas and samples."""
