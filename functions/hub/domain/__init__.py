"""The rules: pure values and decisions; no I/O, no clock, no logger."""
