"""Our numbers today against the committed numbers of the peers; the peers themselves are not needed."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from infra.local.sample import SAMPLE_FILE
from infra.local.sample.derive import derive
from tests.agreement.book import RETURNS_FILE, sample_book
from tests.agreement.ours import ours
from tests.agreement.page import PAGE, TOLERANCE, VECTORS, WITHOUT_PEER, difference, page

COMMITTED: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
ROWS: list[dict[str, Any]] = COMMITTED["rows"]
# The C library's logarithm may differ in its last digit from one platform to the next; a likelihood ratio magnifies that.
OWN_TOLERANCE = 1e-11


@pytest.fixture(scope="module")
def own() -> dict[str, Any]:
    return ours(sample_book())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['measure']}: {row['peer']}")
def test_we_agree_to_ten_digits_or_say_why_not(own: dict[str, Any], row: dict[str, Any]) -> None:
    assert difference(own[row["measure"]], row["ours"]) < OWN_TOLERANCE
    apart = difference(own[row["measure"]], row["theirs"])
    assert apart > TOLERANCE if row["why"] else apart <= TOLERANCE


def test_every_measure_of_ours_here_has_a_peer(own: dict[str, Any]) -> None:
    assert {row["measure"] for row in ROWS} == set(own)
    assert {row["peer"] for row in ROWS} == set(COMMITTED["peers"])


def test_the_page_is_what_the_vectors_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(COMMITTED)


def test_the_vectors_and_the_sample_are_of_these_very_returns() -> None:
    assert hashlib.sha256(RETURNS_FILE.read_bytes()).hexdigest() == COMMITTED["returns_sha256"]
    assert json.loads(SAMPLE_FILE.read_text(encoding="utf-8")) == derive(RETURNS_FILE)


def test_what_has_no_peer_is_tested_where_the_page_says() -> None:
    folder = Path(__file__).parents[1] / "functions"
    assert [file for _, _, file in WITHOUT_PEER if not (folder / file).exists()] == []
