"""Where a function's code comes from: a built bundle, or a placeholder with a fixed key."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from aws_cdk import AssetHashType
from aws_cdk import aws_lambda as lambda_

from infra.names import BUNDLE_GROUPS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.names import BundleGroup


def placeholder_code(folder: Path) -> dict[BundleGroup, lambda_.Code]:
    """Code assets without code, whose keys never change: the local runner uploads what belongs there.

    Args:
        folder: Where empty folders stand in for the bundles; made if it is not there.
    """
    return {group: _placeholder(folder / group, group) for group in BUNDLE_GROUPS}


def built_code(bundles: Mapping[BundleGroup, Path]) -> dict[BundleGroup, lambda_.Code]:
    """Code assets of built bundles, keyed by their bytes."""
    return {
        group: lambda_.Code.from_asset(
            str(path),
            asset_hash_type=AssetHashType.CUSTOM,
            asset_hash=hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for group, path in bundles.items()
    }


def _placeholder(folder: Path, group: BundleGroup) -> lambda_.Code:
    folder.mkdir(parents=True, exist_ok=True)
    return lambda_.Code.from_asset(
        str(folder),
        asset_hash_type=AssetHashType.CUSTOM,
        asset_hash=f"risk-hub-bundle-{group}",
    )
