"""CDK constructs, one per file, each with its permissions and their reasons."""

from infra.locked_node import use_locked_node

use_locked_node()
