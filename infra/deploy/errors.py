"""What a person reads when a deployment cannot go on."""


class DeployError(Exception):
    """A sentence: what is wrong and what to do. It never becomes a traceback."""
