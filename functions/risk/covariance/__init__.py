"""A covariance in each of its forms: it multiplies a book's weights and judges itself, and is never expanded needlessly."""
