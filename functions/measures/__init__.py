"""Pure mathematics of the reports: no storage, no events, no clock."""
