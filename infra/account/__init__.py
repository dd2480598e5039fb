"""What an AWS account holds before the first stage: who may deploy, and how far a deployment may reach."""

from infra.locked_node import use_locked_node

use_locked_node()
