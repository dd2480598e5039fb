"""HTTP router: API Gateway's proxy events in, snapshots and problem documents out."""
