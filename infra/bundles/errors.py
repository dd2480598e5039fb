"""Error of a bundle build."""


class BundleError(RuntimeError):
    """A bundle cannot be built; the text says what to do about it."""
