"""Least privilege, grant by grant: what breaks when one of them is taken away."""
