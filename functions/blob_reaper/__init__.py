"""Remove unreferenced blobs."""
