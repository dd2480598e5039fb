"""Entry ids of extended validations, so that a repeated event adds no second item."""

from typing import Final

from functions.evaluation.extended.layers import Layer
from functions.evaluation.extended.report_numbers import AnnouncedReport
from risk_hub_contracts.base.canonical import canonical_json, sha256_hex

DIGEST_CHARS: Final = 32


def entry_id(report: AnnouncedReport, layer: Layer) -> str:
    """Return the id of the item of one layer of one report; equal reports and layers give equal ids."""
    facts = [report.world_id, report.key, report.content_hash, layer]
    return f"extended-{layer}-{sha256_hex(canonical_json(facts))[:DIGEST_CHARS]}"
