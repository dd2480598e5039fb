"""Risk measures and their evaluation: pure functions over arrays; the only importer of numpy."""
