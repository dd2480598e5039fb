"""What operators say of the worlds."""
