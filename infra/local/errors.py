"""What a person reads when the local stage cannot do what was asked."""


class StageError(Exception):
    """A sentence for the person at the keyboard: what is wrong, where, and what to do.

    The command line prints it and leaves with a status other than zero; it never becomes a traceback.
    """
