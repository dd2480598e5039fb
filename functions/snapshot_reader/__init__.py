"""Answer GET requests for snapshots, reports, signals and blobs."""
