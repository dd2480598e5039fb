"""Deployed code: one folder per function, around one small hexagon."""

import gc

# Objects made by imports stay alive: collecting garbage among them took a tenth of a cold start's time.
# The high threshold stays in force: reference counting frees the objects of a request without the collector.
COLLECT_AFTER_ALLOCATIONS = 100_000
gc.set_threshold(COLLECT_AFTER_ALLOCATIONS)
