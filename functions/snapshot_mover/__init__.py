"""Move old snapshots to history, and reconcile history with what the table lists."""
