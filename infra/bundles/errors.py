"""What can go wrong while a bundle is built."""


class BundleError(RuntimeError):
    """A bundle cannot be built; the text says what to do about it."""
