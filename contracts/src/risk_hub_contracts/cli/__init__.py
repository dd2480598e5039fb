"""The command line `risk-hub` (extra `cli`): what producers and consumers run; it speaks HTTP only."""
