"""Exit signals: compare reports with the limits of an exit policy."""
