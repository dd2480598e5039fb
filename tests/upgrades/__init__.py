"""From one release to the next: what a release freezes, and the rehearsal of an upgrade under traffic."""
