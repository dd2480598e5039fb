"""Covariance in several forms: each multiplies a book's weights and judges its matrix, mostly unexpanded."""
