"""History: snapshots that were moved out of the table of snapshots into immutable segments (ADR-0055)."""
