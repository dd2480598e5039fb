"""Whether the contract as it stands keeps what its last release promised: additions only.

`schemas` compares two JSON Schemas, `operations` two OpenAPI documents, `promises` the rest; `release` is where the
released promise is read from. `python -m risk_hub_contracts.compatibility` says what was broken, and fails.
"""
