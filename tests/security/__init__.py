"""The security job: what is asked of dependencies, grants, tokens, logs, templates and workflows."""
