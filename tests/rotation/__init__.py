"""A token is rotated while clients call: no request may fail, and the old one must end in time."""
