"""Upgrades between releases: the files that a release freezes, and the rehearsal of an upgrade under traffic."""
