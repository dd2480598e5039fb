"""Our numbers held against those of peer libraries, on the sample's real returns."""
