"""Bearer tokens of a stage: made, listed, revoked; the stage keeps digests only."""
