"""Commands for operators: deploy a stage, and operate a running one."""
