"""Watch the worlds, each minute."""
