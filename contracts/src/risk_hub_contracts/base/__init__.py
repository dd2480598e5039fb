"""Names, limits, numbers, instants, problems and JSON: used by every other room of the contract."""
