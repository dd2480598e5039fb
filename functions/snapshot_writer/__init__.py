"""Store the snapshots and blobs that producers send."""
