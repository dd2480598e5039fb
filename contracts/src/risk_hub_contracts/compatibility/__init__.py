"""Check that the contract of the working tree only adds to its last release.

`promises` is the whole check: `schemas` compares two JSON Schemas, `operations` two OpenAPI documents;
`release` reads the released contract. `python -m risk_hub_contracts.compatibility` lists the breaks and fails
if there are any.
"""
