"""Evaluation runs on AWS: chains and list entries in DynamoDB, anchors in S3."""
