"""A command that names a missing thing ends with status 1 and lists what exists."""

import io
import json

import pytest

from risk_hub_client import RiskHubClient
from risk_hub_client.cli.app import REFUSED, USAGE, build_app, run
from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY
from tests.client.server import Server
from tests.fakes.samples import stored

EXPECT = ("worlds", "expect", "us20", "--stage", "paper", "--owner", "desk-a")
POLICY = ("worlds", "policy", "us20", "--stage", "paper")


@pytest.fixture(autouse=True)
def _configured(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISK_HUB_URL", server.url)
    monkeypatch.setenv("RISK_HUB_TOKEN", server.token)


def publish(server: Server, world: str, *stages: str) -> None:
    for stage in stages:
        body = {"version": f"v-{stage}", "as_of": "2026-01-05T09:00:00Z", "weights": {"A": 1.0}}
        with RiskHubClient(server.url, server.token, actor="gateway", stage=stage) as client:
            client.publish(world, body)
        server.hub.worlds.advance_head(stored(f"v-{stage}", world_id=world))


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run a command; return its status and what it printed, without the lines of the hub in this process."""
    capsys.readouterr()
    status = run(build_app(), list(arguments))
    out, err = capsys.readouterr()
    return status, "\n".join([*(line for line in out.splitlines() if not line.startswith('{"')), err]).strip()


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--world", "nope"),
        ("latest", "--world", "nope"),
        ("lookup", "--world", "nope", "--version", "v1"),
        ("lookup", "--world", "us20", "--version", "nope"),
        ("risk", "show", "nope"),
        ("risk", "show", "us20", "nope"),
        ("risk", "backtest", "nope"),
        ("stress", "show", "nope"),
        ("signals", "list", "nope"),
        ("worlds", "show", "nope", "--stage", "paper"),
        ("worlds", "forget", "nope", "--stage", "paper"),
        ("worlds", "policy", "nope", "--stage", "paper", "--drop"),
    ],
)
def test_command_on_a_missing_world_or_version_exits_with_status_1(
    server: Server, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    publish(server, "us20", "paper")
    status, expected_text = command(capsys, *arguments)
    assert status == REFUSED
    assert "nope" in expected_text


@pytest.mark.parametrize("arguments", [("list", "--world"), ("risk", "backtest"), ("signals", "list")])
def test_unknown_world_error_lists_the_existing_worlds(
    server: Server, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    publish(server, "us20", "paper")
    publish(server, "eu50", "live")
    assert command(capsys, *arguments, "nope") == (
        REFUSED,
        "World 'nope' has no snapshot. Worlds: eu50, us20.",
    )


def test_unknown_world_error_truncates_a_long_world_list(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(12):
        server.hub.worlds.advance_head(stored(world_id=f"w{number:02}"))
    assert command(capsys, "list", "--world", "nope")[1].endswith("w08, w09, ....")


def test_missing_expectation_error_lists_the_expected_worlds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command(capsys, *EXPECT)[0] == 0
    for verb in ("forget", "show"):
        status, expected_text = command(capsys, "worlds", verb, "us20", "--stage", "live")
        text = "There is no expectation for world 'us20' at stage 'live'. Expected worlds: us20 at paper."
        assert (status, expected_text) == (REFUSED, text)


def test_empty_period_of_a_known_world_exits_with_status_0(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(server, "us20", "paper")
    assert command(capsys, "list", "--world", "us20", "--from", "2100-01-01T00:00:00Z")[0] == 0
    assert command(capsys, "signals", "list", "us20")[0] == 0


def test_backtest_defaults_to_the_worlds_only_stage(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(server, "us20", "paper")
    status, expected_text = command(capsys, "risk", "backtest", "us20")
    assert status == 0
    assert expected_text.startswith("us20, paper:")


def test_backtest_of_a_world_with_several_stages_requires_the_stage_option(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(server, "us20", "paper", "live")
    status, expected_text = command(capsys, "risk", "backtest", "us20")
    assert status == REFUSED
    assert expected_text.startswith("World 'us20' has snapshots at ")
    assert expected_text.endswith(": choose one with --stage.")
    assert {"paper", "live"} <= set(expected_text.replace(",", " ").replace(":", " ").split())


def text_input(text: str) -> io.TextIOWrapper:
    """Return standard input with a text, also with bytes that are not UTF-8."""
    return io.TextIOWrapper(io.BytesIO(text.encode(errors="surrogateescape")))


@pytest.mark.parametrize("bare", [False, True], ids=["shown document", "bare policy"])
def test_putting_back_a_shown_policy_changes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, bare: bool
) -> None:
    policy = DEFAULT_POLICY.model_copy(update={"version": "p2"}).model_dump_json(exclude_none=True)
    monkeypatch.setattr("sys.stdin", text_input(policy))
    assert command(capsys, *POLICY, "--put", "-")[0] == 0
    status, shown = command(capsys, *POLICY, "--json")
    assert status == 0
    before = json.loads(shown)
    monkeypatch.setattr("sys.stdin", text_input(json.dumps(before["policy"]) if bare else shown))
    status, put = command(capsys, *POLICY, "--put", "-", "--json")
    after = json.loads(put)
    assert (status, after["policy"], after["stored"]) == (0, before["policy"], True)


def test_invalid_policy_file_is_rejected(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    too_deep, too_large = "[" * 100_000, '{"a": ' + "9" * 5000 + "}"
    for text in ("[]", "{", "", "\udcff", too_deep, too_large, '{"a": 1, "a": 2}'):
        monkeypatch.setattr("sys.stdin", text_input(text))
        status, expected_text = command(capsys, *POLICY, "--put", "-")
        assert (status, "stdin" in expected_text, "sys." in expected_text) == (USAGE, True, False)
    monkeypatch.setattr("sys.stdin", text_input('{"policy": {}}'))
    assert command(capsys, *POLICY, "--put", "-")[0] == REFUSED


@pytest.mark.parametrize("kind", ["risk", "stress"])
@pytest.mark.parametrize("version", ["", "..", "a/b"])
def test_malformed_version_of_a_report_is_refused_before_a_request(
    capsys: pytest.CaptureFixture[str], kind: str, version: str
) -> None:
    status, expected_text = command(capsys, kind, "show", "us20", version)
    assert status == REFUSED
    assert expected_text.startswith("/version: must be 1 to 128 characters")


def test_control_characters_of_an_argument_are_printed_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    _, expected_text = command(capsys, "monitor", "--world", "a\x1b[31m\rb")
    assert "a\\x1b[31m\\x0db" in expected_text
    assert "\x1b" not in expected_text


def test_dropping_a_policy_that_is_not_stored_exits_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    status, expected_text = command(capsys, *POLICY, "--drop")
    text = (
        "No exit policy is stored for world 'us20' at stage 'paper': the default policy is already in force."
    )
    assert (status, expected_text) == (REFUSED, text)


@pytest.mark.parametrize(
    "arguments", [("list", "--world", "us20"), ("signals", "list", "us20"), ("risk", "backtest", "us20")]
)
def test_client_command_with_a_reversed_period_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    period = ("--from", "2026-01-06T00:00:00Z", "--to", "2026-01-05T00:00:00Z")
    status, expected_text = command(capsys, *arguments, *period)
    assert status == USAGE
    assert "--from is later than --to" in expected_text


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ((), "; --include-expired lists expired ones too"),
        (("--stage", "live"), "; change or leave out --stage"),
        (("--include-expired", "--to", "2026-01-01T00:00:00Z"), "; change or leave out --to"),
        (
            ("--known-at", "1800-01-01T00:00:00Z"),
            "; none was known at 1800-01-01T00:00:00Z: give a later --known-at, or leave it out",
        ),
        (
            ("--known-at", "1800-01-01T00:00:00Z", "--actor", "x"),
            "; change or leave out --actor, --known-at",
        ),
    ],
)
def test_hint_under_an_empty_list_names_the_option_that_makes_a_difference(
    server: Server, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], hint: str
) -> None:
    publish(server, "us20", "paper")
    server.hub.clock.advance(minutes=20)
    status, text = command(capsys, "list", "--world", "us20", *options)
    assert (status, text) == (0, f"us20: no snapshot matches{hint}")


def test_worlds_list_of_an_unknown_stage_exits_with_status_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, expected_text = command(capsys, "worlds", "list", "--stage", "papper")
    assert status == REFUSED
    assert expected_text == "The hub has no stage 'papper'. Stages: backtest, live, paper."
