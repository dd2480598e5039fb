"""The hub's remedies in the words of the command line: options instead of parameters and members."""

from typing import Final

# The longer text comes first: a shorter one may be a part of it.
_OPTIONS: Final = (
    ("an as_of at or after `earliest_as_of`", "--as-of with this instant or a later one"),
    ("`include_expired=true`", "--include-expired"),
    ("`known_at`", "--known-at"),
    ("`GET /risk-hub/policies`", "risk-hub policy list"),
    ("`GET /risk-hub/worlds/{world_id}/evaluation-runs`", "risk-hub runs list"),
    ("`PUT /risk-hub/worlds/{world_id}/policy`", "risk-hub policy activate"),
    ("`GET /risk-hub/worlds/{world_id}/rollout`", "risk-hub rollout show"),
    ("without `version`", "without --version"),
    ("`X-Stage`", "--stage"),
    ("`X-Actor`", "--actor"),
    ("every parameter listed in `errors`", "every option named above"),
    ("every entry of `errors`", "everything named above"),
    ("the command in `command`", "the command named above"),
    ("`detail` names", "the text above names"),
    ("`detail` lists", "the text above lists"),
    ("named in `detail`", "named above"),
)


def in_options(remedy: str) -> str:
    """Return a remedy of the hub as a user of the command line can follow it."""
    for member, option in _OPTIONS:
        remedy = remedy.replace(member, option)
    return remedy
