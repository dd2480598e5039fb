"""Check the freshness of all worlds every minute."""
