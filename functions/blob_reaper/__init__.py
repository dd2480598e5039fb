"""Remove blobs that nobody refers to."""
