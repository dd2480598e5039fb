"""The history of a world as a data set: every snapshot, in time order, from its segments and the hot table."""
