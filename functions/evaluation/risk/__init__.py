"""Risk report of a snapshot: load its inputs, compute its measures, sign a receipt."""
