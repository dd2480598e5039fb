"""What a stage alarms on, as tables: free of CDK, so that tests, pages and the local stage can read them."""
