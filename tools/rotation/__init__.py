"""Token rotation while clients call: no request may fail, and the old token must end in time."""
