"""AnchorStore on S3: objects under Object Lock, of which only the first version counts.

Object Lock protects versions, not keys: with the permission to put, a further version can hide the first one,
and a delete marker can hide both. Therefore every read names the oldest version.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from functions.hub.adapters.aws import dependency
from functions.hub.adapters.s3_objects import put_object_once
from functions.hub.ports import Clock, Dependency
from risk_hub_contracts.runs.anchor import following_hour, hour_of, is_hour
from risk_hub_contracts.runs.verification import StoredAnchor

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STORE: Final = Dependency.ANCHOR_STORE
PREFIX: Final = "evaluation-anchors"
SUFFIX: Final = ".json"
RECENT_HOURS: Final = 30 * 24
"""Hours in which the newest anchor is looked for first: one request lists 1,000 keys."""


@dataclass(frozen=True, slots=True)
class S3Anchors:
    """Anchors in a versioned bucket with Object Lock.

    Attributes:
        lock: how long no principal can remove a version.
        prefix: the beginning of every key; another one is another chain of anchors.
    """

    s3: "S3Client"
    bucket: str
    lock: timedelta
    clock: Clock
    prefix: str = PREFIX

    @property
    def _hours(self) -> str:
        return f"{self.prefix}/hours/"

    def newest(self) -> StoredAnchor | None:
        """See AnchorStore."""
        recent = following_hour(hour_of(self.clock()), -RECENT_HOURS)
        for after in (f"{self._hours}{recent}", ""):
            found = list(self._anchor_versions(after))
            if found:
                return self._anchor(found[-1])
        return None

    def first_hour(self, hour: str) -> str:
        """See AnchorStore."""
        key = f"{self.prefix}/first-hour"
        self._put(key, hour.encode())
        return (self._first_of(key) or hour.encode()).decode(errors="replace")

    def put_once(self, hour: str, data: bytes) -> bytes:
        """See AnchorStore."""
        key = f"{self._hours}{hour}{SUFFIX}"
        self._put(key, data)
        return self._first_of(key) or data

    def put_leaves(self, root: str, data: bytes) -> None:
        """See AnchorStore."""
        self._put(f"{self.prefix}/leaves/{root}", data)

    def anchors(self) -> Iterator[StoredAnchor]:
        """See AnchorStore."""
        for version in self._anchor_versions(""):
            yield self._anchor(version)

    def leaves(self, root: str) -> bytes | None:
        """See AnchorStore."""
        return self._first_of(f"{self.prefix}/leaves/{root}")

    def _put(self, key: str, data: bytes) -> None:
        put_object_once(
            self.s3,
            self.bucket,
            key,
            data,
            hashlib.sha256(data).hexdigest(),
            {},
            STORE,
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=self.clock() + self.lock,
        )

    def _first_of(self, key: str) -> bytes | None:
        for found, version, _ in self._first_versions(key, ""):
            if found == key:
                return self._get(key, version)
        return None

    def _anchor_versions(self, after: str) -> Iterator[tuple[str, str, bool]]:
        """Yield the first version of each anchor. A key that does not name an hour is not an anchor."""
        for first in self._first_versions(self._hours, after):
            if is_hour(self._hour_in(first[0])):
                yield first

    def _anchor(self, first: tuple[str, str, bool]) -> StoredAnchor:
        key, version, is_overwritten = first
        return StoredAnchor(self._hour_in(key), self._get(key, version), is_overwritten)

    def _hour_in(self, key: str) -> str:
        """Return the hour that the key of an anchor names; no hour for another key."""
        hour = key.removeprefix(self._hours)
        return hour.removesuffix(SUFFIX) if hour.endswith(SUFFIX) else ""

    def _first_versions(self, prefix: str, after: str) -> Iterator[tuple[str, str, bool]]:
        """Yield each key with its oldest version, and whether it has further versions or delete markers."""
        rows = self._versions(prefix, after)
        for key, versions in groupby(rows, key=lambda row: str(row["Key"])):
            found = list(versions)
            stored = [row for row in found if "Size" in row]
            if stored:
                yield key, stored[-1]["VersionId"], len(found) > 1

    def _versions(self, prefix: str, after: str) -> Iterator[dict[str, Any]]:
        """Yield versions and delete markers, by key; those of one key newest first."""
        request: dict[str, Any] = {"Bucket": self.bucket, "Prefix": prefix}
        if after:
            request["KeyMarker"] = after
        while True:
            with dependency(STORE):
                answer = self.s3.list_object_versions(**request)
            rows: list[Any] = [*answer.get("Versions", ()), *answer.get("DeleteMarkers", ())]
            yield from sorted(rows, key=lambda row: str(row["Key"]))
            if not answer.get("IsTruncated"):
                return
            request["KeyMarker"] = answer["NextKeyMarker"]
            request["VersionIdMarker"] = answer["NextVersionIdMarker"]

    def _get(self, key: str, version: str) -> bytes:
        with dependency(STORE):
            answer = self.s3.get_object(Bucket=self.bucket, Key=key, VersionId=version)
            data: bytes = answer["Body"].read()
        return data
