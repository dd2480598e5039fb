"""Error of the local stage, for the user."""


class LocalStageError(Exception):
    """A sentence for the user: what is wrong, where, and what to do.

    The command line prints it and exits with a status other than zero; it is never printed as a traceback.
    """
