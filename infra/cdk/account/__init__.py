"""Account setup before the first stage: deployment roles, and the limits of a deployment."""

from infra.locked_node import use_locked_node

use_locked_node()
