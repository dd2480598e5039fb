"""What runs: one folder per deployed function, around one small hexagon."""

import gc

# A start is imports, and what they make stays: looking through it for garbage took a tenth of a cold start's time.
COLLECT_AFTER_ALLOCATIONS = 100_000
gc.set_threshold(COLLECT_AFTER_ALLOCATIONS)
