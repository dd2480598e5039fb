"""Error of a deployment, for the operator."""


class DeployError(Exception):
    """A sentence: what is wrong and what to do. It is never printed as a traceback."""
