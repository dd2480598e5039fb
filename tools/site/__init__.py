"""The documentation site: every page of the repository, with search, in English and Korean."""
