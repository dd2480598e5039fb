"""One round of one kind, in a process that must have all that it takes: `main` fails where anything is missing."""

from tests.bench.rounds import ROUNDS


def main(kind: str) -> None:
    """Run one round."""
    ROUNDS[kind]()()
