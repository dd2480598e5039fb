"""INV-18: a removed, changed, swapped or inserted item is found, and its place is named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.evaluation.runs.verify_runs import RunScope, VerifyRuns
from risk_hub_contracts.base.canonical import sha256_hex
from risk_hub_contracts.runs.anchor import (
    Anchor,
    decode_leaves,
    encode_leaves,
    following_hour,
    hour_of,
    merkle_root,
    read_anchor,
)
from risk_hub_contracts.runs.chain import StoredItem
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.anchored_runs import AnchoredRuns, anchored_sample
from tests.fakes.clock import START
from tests.fakes.runs import changed_item, draft, run_key

A, B, C = map(run_key, "abc")
HOUR = hour_of(START)
HOURS = [following_hour(HOUR, count) for count in range(4)]


def items(world: AnchoredRuns, key: RunKey = A) -> dict[int, StoredItem]:
    return world.runs.rows[key]


def relink(world: AnchoredRuns, key: RunKey, first: int) -> None:
    """Compute the chain again from an item on, and its list entry, as a forger with all grants could."""
    rows = items(world, key)
    for sequence in range(first, len(rows) + 1):
        previous = rows[sequence - 1].sha256 if sequence > 1 else None
        rows[sequence] = changed_item(rows[sequence], previous_sha256=previous)
    world.runs.heads[key] = replace(world.runs.heads[key], sequence=len(rows), sha256=rows[len(rows)].sha256)


def test_untouched_runs_and_anchors_are_whole() -> None:
    found = anchored_sample().verify()
    assert found.broken == ()
    assert (found.runs, found.items, found.anchors, found.last_hour) == (3, 8, 4, HOURS[3])


def test_a_store_without_runs_and_anchors_is_whole() -> None:
    found = AnchoredRuns().verify()
    assert (found.runs, found.items, found.anchors, found.last_hour, found.broken) == (0, 0, 0, None, ())


@pytest.mark.parametrize("sequence", [1, 2, 3, 4])
def test_a_changed_byte_names_the_item(sequence: int) -> None:
    world = anchored_sample()
    stored = items(world)[sequence]
    items(world)[sequence] = replace(stored, data=stored.data.replace(b'"w1"', b'"w2"', 1))
    assert world.broken() == [(A.text, sequence, "item_changed")]


@pytest.mark.parametrize("sequence", [1, 2, 3])
def test_a_changed_item_with_its_new_digest_breaks_the_link_of_the_next_one(sequence: int) -> None:
    world = anchored_sample()
    items(world)[sequence] = changed_item(items(world)[sequence], subject="forger")
    (found,) = world.verify().broken
    assert (found.chain, found.kind) in {(A.text, "item_changed"), (A.text, "link_broken")}
    assert found.position in {sequence, sequence + 1}


@pytest.mark.parametrize("first", [1, 2, 3, 4])
def test_a_chain_that_was_computed_again_differs_from_its_anchor(first: int) -> None:
    world = anchored_sample()
    items(world)[first] = changed_item(items(world)[first], subject="forger")
    relink(world, A, first)
    anchored = {1: 1, 2: 3, 3: 3, 4: 4}[first]
    (found,) = world.verify().broken
    assert (found.chain, found.position, found.kind) == (A.text, anchored, "item_changed")
    assert "this item or one before it was changed: the anchor" in found.detail


@pytest.mark.parametrize("sequence", [1, 2, 3])
def test_a_lost_item_is_named(sequence: int) -> None:
    world = anchored_sample()
    del items(world)[sequence]
    assert world.broken() == [(A.text, sequence, "item_lost")]


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_a_cut_tail_is_found_by_the_list_entry(kept: int) -> None:
    world = anchored_sample()
    for sequence in range(kept + 1, 5):
        del items(world)[sequence]
    assert world.broken() == [(A.text, kept + 1, "tail_cut")]


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_a_cut_tail_with_a_matching_list_entry_is_found_by_the_anchor(kept: int) -> None:
    world = anchored_sample()
    for sequence in range(kept + 1, 5):
        del items(world)[sequence]
    relink(world, A, kept + 1)
    (found,) = world.verify().broken
    assert (found.chain, found.position, found.kind) == (A.text, kept + 1, "tail_cut")
    assert "the anchor" in found.detail


def test_a_run_of_which_nothing_is_left_is_found_by_the_anchor() -> None:
    world = anchored_sample()
    del world.runs.rows[A]
    del world.runs.heads[A]
    assert world.broken() == [(A.text, 1, "tail_cut")]
    assert [each.kind for each in VerifyRuns(world.runs, world.anchors, world.clock).run(A).broken] == [
        "tail_cut"
    ]


def test_a_lost_list_entry_is_found() -> None:
    world = anchored_sample()
    del world.runs.heads[B]
    assert world.broken() == [(B.text, 2, "head_differs")]


@pytest.mark.parametrize(
    "member", [{"status": "pass"}, {"stage": "live"}, {"created_at": "2026-01-05T12:00:00.000001Z"}]
)
def test_a_list_entry_that_does_not_follow_from_the_items_is_found(member: dict[str, Any]) -> None:
    world = anchored_sample()
    world.runs.heads[B] = replace(world.runs.heads[B], **member)
    assert world.broken() == [(B.text, 2, "head_differs")]


def test_an_old_list_entry_is_found() -> None:
    world = anchored_sample()
    world.runs.heads[A] = replace(world.runs.heads[A], sequence=3, sha256=items(world)[3].sha256)
    assert world.broken() == [(A.text, 4, "head_differs")]


def test_two_swapped_items_of_a_run_are_found() -> None:
    world = anchored_sample()
    rows = items(world)
    rows[2], rows[3] = replace(rows[3], sequence=2), replace(rows[2], sequence=3)
    assert world.broken() == [(A.text, 2, "item_misplaced")]


def test_items_swapped_between_two_runs_are_found_in_both() -> None:
    world = anchored_sample()
    items(world, A)[2], items(world, B)[2] = items(world, B)[2], items(world, A)[2]
    assert world.broken() == [(A.text, 2, "item_misplaced"), (B.text, 2, "item_misplaced")]


def test_an_item_of_another_run_with_its_names_changed_breaks_the_link() -> None:
    world = anchored_sample()
    items(world)[4] = changed_item(items(world, B)[2], strategy_id="a", sequence=4)
    items(world)[4] = replace(items(world)[4], sequence=4)
    assert world.broken() == [(A.text, 4, "link_broken")]


def test_an_item_inserted_with_an_old_time_is_covered_by_no_anchor() -> None:
    world = anchored_sample()
    now, world.clock.now = world.clock.now, START
    world.append(B, "late")
    world.clock.now = now
    assert world.broken() == [(B.text, 3, "item_not_anchored")]


def test_a_forged_run_of_an_anchored_hour_is_covered_by_no_anchor() -> None:
    world = anchored_sample()
    now, world.clock.now = world.clock.now, START
    world.create(draft(run_key("forged")))
    world.clock.now = now
    assert world.broken() == [(run_key("forged").text, 1, "item_not_anchored")]


def test_an_item_of_a_future_hour_is_reported_beyond_the_skew_of_clocks() -> None:
    world = anchored_sample()
    now = world.clock.now
    world.clock.now = now + timedelta(hours=1)
    world.append(B, "early")
    world.clock.now = now
    assert world.broken() == []
    world.clock.now = now + timedelta(hours=2)
    world.append(B, "too-early")
    world.clock.now = now
    assert world.broken() == [(B.text, 4, "item_not_anchored")]


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"null"])
def test_bytes_that_are_not_an_object_are_found(data: bytes) -> None:
    world = anchored_sample()
    items(world, C)[2] = StoredItem(2, sha256_hex(data), data)
    assert world.broken() == [(C.text, 2, "item_unreadable")]


def test_an_item_that_cannot_be_folded_is_found() -> None:
    world = anchored_sample()
    items(world, C)[2] = changed_item(items(world, C)[2], recorded_at="2026-01-05T16:00:00Z")
    data = items(world, C)[2].data.replace(b'"kind":"extended_validation"', b'"kind":"NO KIND"')
    items(world, C)[2] = StoredItem(2, sha256_hex(data), data)
    world.runs.heads[C] = replace(world.runs.heads[C], sha256=sha256_hex(data))
    assert world.broken() == [(C.text, 2, "item_unreadable")]


def test_a_run_of_an_unknown_later_kind_is_whole() -> None:
    world = anchored_sample()
    items(world, C)[2] = changed_item(items(world, C)[2], kind="of_a_later_release")
    head = world.runs.heads[C]
    world.runs.heads[C] = replace(head, sha256=items(world, C)[2].sha256, status="pass")
    assert world.broken() == []


def forge_anchor(world: AnchoredRuns, hour: str, **members: Any) -> None:
    (first, *_) = world.anchors.hours[hour]
    assert first is not None
    world.anchors.hours[hour] = [read_anchor(first).model_copy(update=members).data()]


def forge_leaves(world: AnchoredRuns, hour: str, *, relink_anchor: bool) -> None:
    """Cut the tail of `a` and change the leaves of an hour accordingly, with or without the anchor."""
    (first, *_) = world.anchors.hours[hour]
    assert first is not None
    anchor = read_anchor(first)
    data = world.anchors.leaves(anchor.root)
    assert data is not None
    leaves = [replace(leaf, sha256="0" * 64) for leaf in decode_leaves(data)]
    if relink_anchor:
        root = merkle_root(leaves)
        world.anchors.trees[root] = [encode_leaves(leaves)]
        forge_anchor(world, hour, root=root)
    else:
        world.anchors.trees[anchor.root] = [encode_leaves(leaves)]


FORGERIES: dict[str, tuple[Callable[[AnchoredRuns], object], tuple[str, int | str, str]]] = {
    "an anchor lost": (lambda world: world.anchors.hours.pop(HOURS[1]), ("anchors", HOURS[1], "anchor_lost")),
    "the first anchor lost": (
        lambda world: world.anchors.hours.pop(HOURS[0]),
        ("anchors", HOURS[0], "anchor_lost"),
    ),
    "an anchor unreadable": (
        lambda world: world.anchors.hours.update({HOURS[2]: [b"{}"]}),
        ("anchors", HOURS[2], "anchor_unreadable"),
    ),
    "an anchor of another hour": (
        lambda world: world.anchors.hours.update({HOURS[2]: world.anchors.hours[HOURS[1]]}),
        ("anchors", HOURS[2], "anchor_changed"),
    ),
    "an anchor with another link": (
        lambda world: forge_anchor(world, HOURS[2], previous_sha256="0" * 64),
        ("anchors", HOURS[1], "anchor_changed"),
    ),
    "an anchor with forged leaves": (
        lambda world: forge_leaves(world, HOURS[1], relink_anchor=True),
        ("anchors", HOURS[1], "anchor_changed"),
    ),
    "leaves changed": (
        lambda world: forge_leaves(world, HOURS[1], relink_anchor=False),
        ("anchors", HOURS[1], "leaves_changed"),
    ),
    "leaves unreadable": (
        lambda world: world.anchors.trees.update({root_of(world, HOURS[1]): [b"["]}),
        ("anchors", HOURS[1], "leaves_changed"),
    ),
    "leaves lost": (
        lambda world: world.anchors.trees.pop(root_of(world, HOURS[1])),
        ("anchors", HOURS[1], "leaves_lost"),
    ),
    "a count changed": (
        lambda world: forge_anchor(world, HOURS[3], count=7),
        ("anchors", HOURS[3], "leaves_changed"),
    ),
    "an anchor overwritten": (
        lambda world: world.anchors.hours[HOURS[1]].append(b"forged"),
        ("anchors", HOURS[1], "anchor_overwritten"),
    ),
    "an anchor deleted": (
        lambda world: world.anchors.hours[HOURS[3]].append(None),
        ("anchors", HOURS[3], "anchor_overwritten"),
    ),
}


def root_of(world: AnchoredRuns, hour: str) -> str:
    (first, *_) = world.anchors.hours[hour]
    assert first is not None
    return read_anchor(first).root


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_or_lost_anchor_is_named(name: str) -> None:
    forge, expected = FORGERIES[name]
    world = anchored_sample()
    forge(world)
    assert world.broken()[0] == expected


def test_a_cut_tail_is_found_although_a_forged_version_of_the_anchor_hides_it() -> None:
    world = anchored_sample()
    for hour in HOURS[1:]:
        forged = Anchor(hour=hour, previous_sha256=None, root=merkle_root([]), count=0)
        world.anchors.hours[hour].append(forged.data())
    for sequence in (2, 3, 4):
        del items(world)[sequence]
    relink(world, A, 2)
    assert (A.text, 2, "tail_cut") in world.broken()


def test_a_run_that_grows_while_it_is_scanned_is_read_again_and_whole() -> None:
    world = anchored_sample()
    stale = world.runs.chain(C)
    world.append(C, "e2")
    torn = replace(world.runs.chain(C), items=stale.items)
    world.runs.chains = lambda: iter([world.runs.chain(A), world.runs.chain(B), torn])  # type: ignore[method-assign]
    assert world.broken() == []


def test_a_run_that_is_created_after_the_scan_and_anchored_is_whole() -> None:
    world = anchored_sample()
    world.runs.chains = lambda: iter([world.runs.chain(key) for key in (A, B)])  # type: ignore[method-assign]
    assert world.broken() == []


def test_one_run_is_verified_alone() -> None:
    world = anchored_sample()
    del items(world, A)[4]
    verify = VerifyRuns(world.runs, world.anchors, world.clock)
    assert [each.position for each in verify.run(A).broken] == [4]
    assert verify.run(B).broken == ()
    assert (verify.run(B).runs, verify.run(B).items) == (1, 2)


def test_a_verification_of_a_world_or_strategy_reports_only_its_runs() -> None:
    world = anchored_sample()
    for key in (A, B):
        items(world, key)[1] = replace(items(world, key)[1], data=b"{}")
    del world.runs.rows[C], world.runs.heads[C]
    verify = VerifyRuns(world.runs, world.anchors, world.clock)
    of_a = verify(RunScope(A.world_id, A.strategy_id))
    assert (of_a.runs, [each.chain for each in of_a.broken]) == (1, [A.text])
    assert [each.chain for each in verify(RunScope(A.world_id)).broken] == [A.text, B.text, C.text]
    assert [each.chain for each in verify(RunScope(C.world_id, C.strategy_id)).broken] == [C.text]
    assert verify(RunScope("other")).broken == ()


def test_a_run_without_items_is_reported_and_stops_no_verification() -> None:
    world = anchored_sample()
    verify = VerifyRuns(world.runs, world.anchors, world.clock)
    assert [each.kind for each in verify.run(run_key("unknown")).broken] == ["tail_cut"]


def test_items_younger_than_the_newest_anchor_are_verified_by_their_chain() -> None:
    world = anchored_sample()
    world.append(C, "e2")
    items(world, C)[2] = changed_item(items(world, C)[2], subject="forger")
    assert [(each[0], each[2]) for each in world.broken()] == [(C.text, "link_broken")]


ROWS = [(A, sequence) for sequence in range(1, 5)] + [(B, 1), (B, 2), (C, 1)]


@settings(max_examples=200)
@given(st.sampled_from(ROWS), st.data())
def test_any_single_change_of_an_anchored_row_is_found(row: tuple[RunKey, int], data: st.DataObject) -> None:
    world = anchored_sample()
    key, sequence = row
    stored = items(world, key)[sequence]
    position = data.draw(st.integers(0, len(stored.data) - 1))
    flipped = bytes([stored.data[position] ^ data.draw(st.integers(1, 255))])
    changed = stored.data[:position] + flipped + stored.data[position + 1 :]
    kept = data.draw(st.booleans(), label="keep the digest attribute")
    digest = stored.sha256 if kept else sha256_hex(changed)
    items(world, key)[sequence] = StoredItem(sequence, digest, changed)
    assert [each.chain for each in world.verify().broken] == [key.text]


@settings(max_examples=100)
@given(st.lists(st.sampled_from(ROWS), min_size=1, max_size=4, unique=True))
def test_any_set_of_removed_anchored_rows_is_found_in_each_run(rows: list[tuple[RunKey, int]]) -> None:
    world = anchored_sample()
    for key, sequence in rows:
        del items(world, key)[sequence]
    broken = {chain: position for chain, position, _ in world.broken()}
    assert broken == {
        key.text: min(sequence for each, sequence in rows if each == key)
        for key in {each for each, _ in rows}
    }
