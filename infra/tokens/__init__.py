"""Bearer tokens of a stage: created, listed, revoked; the stage stores only digests."""
