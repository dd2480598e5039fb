"""The v1 contract of Risk Signal Hub, shared by producers, functions and consumers.

Import the module you need (`from risk_hub_contracts.snapshot.parse import parse_snapshot`): the package
itself loads nothing, so that a cold function pays only for what it uses.
"""

__version__ = "1.0.0"
CONTRACT_VERSION = "v1"
