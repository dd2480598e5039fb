"""Import of policy documents of the deployed system into evaluation policies."""
