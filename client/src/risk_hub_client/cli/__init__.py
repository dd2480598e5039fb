"""The command line `risk-hub` (extra `cli`) for producers and consumers; it uses HTTP only."""
