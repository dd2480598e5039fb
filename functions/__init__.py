"""What runs: one folder per deployed function, around one small hexagon."""

import gc

# A start is imports, and what they make stays: looking through it for garbage took a tenth of a cold start's time.
# It stays so for good: what a request leaves behind is freed when its last name goes, without the collector.
COLLECT_AFTER_ALLOCATIONS = 100_000
gc.set_threshold(COLLECT_AFTER_ALLOCATIONS)
