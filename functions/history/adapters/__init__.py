"""History on AWS: segments in S3, their rows in DynamoDB."""
