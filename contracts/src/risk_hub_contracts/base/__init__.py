"""Names, limits, numbers, instants, problems and JSON: used by every other package of the contract."""
