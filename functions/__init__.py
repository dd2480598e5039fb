"""What runs: one folder per deployed function, around one small hexagon."""
