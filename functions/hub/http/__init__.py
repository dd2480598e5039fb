"""The HTTP door: API Gateway's proxy events in, problem documents and snapshots out."""
