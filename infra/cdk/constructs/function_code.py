"""Code of the functions: a built bundle, or a placeholder with a fixed key."""

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
    """Return empty code assets with fixed keys, under which the local stage uploads the code.

    Args:
        folder: Parent of the empty folders that replace the bundles; created if missing.
    """
    return {group: _placeholder(folder / group, group) for group in BUNDLE_GROUPS}


def built_code(bundles: Mapping[BundleGroup, Path]) -> dict[BundleGroup, lambda_.Code]:
    """Return code assets of built bundles, with keys by content."""
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
