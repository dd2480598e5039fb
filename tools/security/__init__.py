"""The security job: its checks of dependencies, grants, tokens, logs, templates and workflows."""
