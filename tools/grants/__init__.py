"""Least privilege, grant by grant: what fails without each of them."""
