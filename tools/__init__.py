"""Programs of the developers: measurements, rehearsals, simulations, generators. Not deployed."""
