"""What is looked at, as tables: free of CDK, so that the pictures in the docs are drawn from the same."""
