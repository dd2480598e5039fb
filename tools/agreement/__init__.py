"""Comparison of our numbers with those of peer libraries, on the sample's real returns."""
