"""Deploy a stage to an AWS account: one assembly, built once, tested, compared, deployed, smoke-tested."""
