"""The hexagon that every deployed function shares."""
