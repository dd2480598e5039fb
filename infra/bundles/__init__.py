"""The zips that Lambda runs, built without Docker: hashed wheels, our own packages, compiled once, in fixed bytes."""
