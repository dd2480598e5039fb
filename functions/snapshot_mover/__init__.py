"""Move old snapshots to history, and reconcile history with the ledger in the table."""
