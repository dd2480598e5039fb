"""Reproducible Lambda zips, built without Docker from hashed wheels and the hub's packages, with bytecode."""
