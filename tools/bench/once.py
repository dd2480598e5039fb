"""One round of one kind, in a process that must have all dependencies: `main` fails if anything is missing."""

from tools.bench.rounds import ROUNDS


def main(kind: str) -> None:
    """Run one round."""
    ROUNDS[kind]()()
