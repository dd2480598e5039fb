"""`risk-hub tokens`: created, shown once, listed, revoked; concurrent changes are kept."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from infra.errors import TokenError
from infra.ops.operate import cli, stage_access
from infra.tokens.issue import (
    GRANTED_SCOPES,
    SCOPES_OF_RELEASE_1_0,
    TokenRequest,
    issue,
    revoke,
    scopes_without_a_route,
)
from infra.tokens.register import ATTEMPTS_MAX_COUNT, TokenRegister, secret_text
from risk_hub_contracts.base.limits import (
    ID_MAX_CHARS,
    TOKEN_ACTORS_MAX_COUNT,
    TOKEN_LIFETIME_MAX_SECONDS,
    TOKENS_MAX_COUNT,
    TOKENS_SECRET_MAX_BYTES,
)
from risk_hub_contracts.base.tokens import ATTRIBUTED_SCOPES, Token, TokenList
from tests.fakes.clients import as_client
from tests.fakes.secrets_manager import secrets_manager
from tests.operate.conftest import STAGE, Run, refusal

SECRET = f"risk-hub-{STAGE}-tokens"
RELEASED_SCHEMAS = Path(__file__).parents[2] / "contracts" / "released" / "1.0.0" / "schemas.json"
NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
Doing = Callable[[], object]


class Secrets:
    """moto's Secrets Manager with a hook just before or just after a label moves."""

    def __init__(self) -> None:
        self.real: Any = secrets_manager()
        self.before_the_move: list[Doing] = []
        self.after_the_move: list[Doing] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def update_secret_version_stage(self, **arguments: Any) -> Any:
        if self.before_the_move:
            self.before_the_move.pop(0)()
        answer = self.real.update_secret_version_stage(**arguments)
        if self.after_the_move:
            self.after_the_move.pop(0)()
        return answer

    def held(self) -> str:
        return str(self.real.get_secret_value(SecretId=SECRET, VersionStage="AWSCURRENT")["SecretString"])

    def ids(self) -> list[str]:
        return [each.id for each in TokenList.model_validate_json(self.held()).tokens]


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[Secrets]:
    made = Secrets()
    made.create_secret(Name=SECRET, SecretString='{"tokens": []}')

    class Access:
        def client(self, service: str) -> Any:
            assert service == "secretsmanager"
            return made

    monkeypatch.setattr(stage_access, "clients_for", lambda _: Access())
    yield made
    assert "token" not in json.loads(made.held())


@pytest.fixture
def register(secret: Secrets) -> TokenRegister:
    return TokenRegister(as_client(secret), SECRET)


def token_request(name: str = "gateway", **changes: Any) -> TokenRequest:
    given: dict[str, Any] = {
        "scopes": ["snapshots:write"],
        "actors": ["gateway"],
        "lifetime": timedelta(days=90),
        **changes,
    }
    return TokenRequest(name, **given)


def entry(token_id: str, **changes: Any) -> Token:
    fields = {"sha256": "0" * 64, "scopes": ["snapshots:read"], "actors": ["*"], "not_after": None}
    return Token.model_validate({"id": token_id, **fields, **changes})


def test_create_prints_only_the_token_and_stores_only_its_digest(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("tokens", "create", "gateway", "--scope", "snapshots:write", "--lifetime", "12h") == 0
    printed = capsys.readouterr()
    token = printed.out.strip()
    assert token.startswith("rsh_")
    assert len(token) == len("rsh_") + 43
    assert token not in printed.err + secret.held()
    (stored,) = TokenList.model_validate_json(secret.held()).tokens
    assert stored.sha256 == hashlib.sha256(token.encode()).hexdigest()
    assert (stored.scopes, stored.actors) == (["snapshots:write"], ["gateway"])
    assert stored.not_after is not None
    assert timedelta(hours=11, minutes=59) < stored.not_after - datetime.now(UTC) <= timedelta(hours=12)


def test_token_lifetime_defaults_to_ninety_days(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("tokens", "create", "desk", "--scope", "snapshots:read", "--actor", "*", "--json") == 0
    made = json.loads(capsys.readouterr().out)
    (stored,) = TokenList.model_validate_json(secret.held()).tokens
    assert stored.not_after is not None
    assert 89 < (stored.not_after - datetime.now(UTC)) / timedelta(days=1) <= 90
    assert (made["id"], made["actors"], stored.actors) == ("desk", ["*"], ["*"])
    wait = datetime.fromisoformat(made["accepted_everywhere_from"]) - datetime.now(UTC)
    assert timedelta(seconds=50) < wait <= timedelta(seconds=61)


def test_token_list_shows_every_token_with_only_a_digest_prefix(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    over = entry("old", sha256="ab" * 32, not_after="2020-01-01T00:00:00Z")
    secret.put_secret_value(SecretId=SECRET, SecretString=secret_text([over, entry("run", actors=["[red]"])]))
    assert run("tokens", "list") == 0
    shown = capsys.readouterr().out
    assert "ended 2020-01-01T00:00:00Z" in shown
    assert "no end" in shown
    assert "[red]" in shown
    assert "abababab" in shown
    assert "ababababa" not in shown
    assert run("tokens", "list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["id"], row["live"], row["not_after"]) for row in rows] == [
        ("old", False, "2020-01-01T00:00:00Z"),
        ("run", True, None),
    ]


def test_list_ending_exits_with_status_1_when_tokens_expire_soon(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert secret.ids() == []
    assert run("tokens", "create", "soon", "--scope", "snapshots:read", "--lifetime", "10d") == 0
    assert run("tokens", "create", "later", "--scope", "snapshots:read") == 0
    capsys.readouterr()
    assert run("tokens", "list", "--ending", "14d") == 1
    printed = capsys.readouterr().out
    assert "soon" in printed
    assert "later" not in printed
    assert run("tokens", "list", "--ending", "9d") == 0
    assert "No token expires in that time." in capsys.readouterr().out


def test_empty_token_list_prints_a_warning(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert secret.ids() == []
    assert run("tokens", "list") == 0
    assert "No tokens: every API request will be rejected" in capsys.readouterr().out


def test_revoke_removes_exactly_the_named_tokens(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b", "c"):
        assert run("tokens", "create", name, "--scope", "snapshots:read") == 0
    capsys.readouterr()
    assert run("tokens", "revoke", "a", "c") == 0
    assert "Revoked a, c: every function rejects them from" in capsys.readouterr().out
    assert secret.ids() == ["b"]


def test_revoke_with_an_unknown_id_changes_nothing(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("tokens", "create", "a", "--scope", "snapshots:read") == 0
    assert run("tokens", "revoke", "a", "z") == 1
    assert "There is no token 'z'; nothing was revoked. Tokens: " in capsys.readouterr().err
    assert secret.ids() == ["a"]


def test_revoke_ended_removes_only_expired_tokens(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    over = entry("old", not_after="2020-01-01T00:00:00Z")
    secret.put_secret_value(SecretId=SECRET, SecretString=secret_text([over, entry("run")]))
    assert run("tokens", "revoke", "--ended", "--json") == 0
    assert json.loads(capsys.readouterr().out)["revoked"] == ["old"]
    assert secret.ids() == ["run"]
    versions = len(secret.list_secret_version_ids(SecretId=SECRET)["Versions"])
    assert run("tokens", "revoke", "--ended") == 0
    assert "No token has expired." in capsys.readouterr().out
    assert len(secret.list_secret_version_ids(SecretId=SECRET)["Versions"]) == versions


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "a"),
        ("create", "a", "--scope", "snapshots:delete"),
        ("create", "a", "--scope", "snapshots:read", "--lifetime", "0d"),
        ("create", "a", "--scope", "snapshots:read", "--lifetime", "90"),
        ("revoke",),
        ("revoke", "a", "--ended"),
        ("revoke", "--ended", "--scope", "snapshots:read"),
        ("revoke", "a", "--scope", "snapshots:delete"),
    ],
)
def test_invalid_tokens_arguments_exit_with_status_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("tokens", *arguments) == 2


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (token_request("-a"), "the first a letter or digit"),
        (token_request(actors=["é"]), "printable ASCII"),
        (token_request(actors=[]), "1 to 16 actors"),
        (token_request(actors=[f"a{i}" for i in range(TOKEN_ACTORS_MAX_COUNT + 1)]), "1 to 16 actors"),
        (token_request(lifetime=timedelta(seconds=TOKEN_LIFETIME_MAX_SECONDS + 1)), "at most 365 days"),
        (token_request(lifetime=timedelta()), "at most 365 days"),
        (token_request(subject=""), "'' must be 1 to 128 characters"),
        (token_request(subject="kim lee"), "'kim lee' must be 1 to 128 characters"),
        (token_request(subject="k" * (ID_MAX_CHARS + 1)), "must be 1 to 128 characters"),
        *(
            (token_request(scopes=[scope]), f"A token with {scope} needs a subject")
            for scope in sorted(ATTRIBUTED_SCOPES)
        ),
    ],
)
def test_token_order_beyond_its_limits_is_rejected(
    register: TokenRegister, wrong: TokenRequest, why: str
) -> None:
    with pytest.raises(TokenError, match=why):
        issue(register, wrong, NOW)
    assert register.tokens() == []


def test_token_request_at_its_limits_is_accepted(register: TokenRegister) -> None:
    actors = [f"a{i}" for i in range(TOKEN_ACTORS_MAX_COUNT)]
    longest = timedelta(seconds=TOKEN_LIFETIME_MAX_SECONDS)
    largest = token_request(
        actors=actors, lifetime=longest, scopes=GRANTED_SCOPES, subject="k" * ID_MAX_CHARS
    )
    made = issue(register, largest, NOW)
    assert register.tokens() == [made.entry]
    assert made.entry.not_after == NOW + longest


def test_create_stores_the_subject_and_list_shows_it(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("tokens", "create", "plain", "--scope", "snapshots:read") == 0
    asked = ("--subject", "kim@example.com", "--scope", "governance:approve", "--scope", "snapshots:read")
    capsys.readouterr()
    assert run("tokens", "create", "approver", *asked, "--json") == 0
    assert json.loads(capsys.readouterr().out)["subject"] == "kim@example.com"
    plain, approver = TokenList.model_validate_json(secret.held()).tokens
    assert (plain.subject, plain.holder) == (None, "plain")
    assert (approver.subject, approver.scopes) == (
        "kim@example.com",
        ["governance:approve", "snapshots:read"],
    )
    assert run("tokens", "list") == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in shown] == [
        ["token", "subject"],
        ["plain", "-"],
        ["approver", "kim@example.com"],
    ]
    assert run("tokens", "list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["subject"] for row in rows] == [None, "kim@example.com"]


def test_create_says_which_scopes_no_route_uses_yet(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    unused = scopes_without_a_route(GRANTED_SCOPES)
    scopes = [argument for scope in GRANTED_SCOPES for argument in ("--scope", scope)]
    assert run("tokens", "create", "all", "--subject", "kim", *scopes) == 0
    printed = capsys.readouterr()
    assert (f"No route uses {', '.join(unused)} yet" in " ".join(printed.err.split())) is bool(unused)
    assert secret.ids() == ["all"]
    assert run("tokens", "create", "reader", "--scope", "snapshots:read") == 0
    assert "No route uses" not in capsys.readouterr().err


def test_a_subject_in_another_letter_case_is_refused(register: TokenRegister) -> None:
    issue(register, token_request("first", subject="Kim@example.com"), NOW)
    issue(register, token_request("second", subject="Kim@example.com"), NOW)
    with pytest.raises(TokenError, match=r"Another token has the subject Kim@example\.com\. Write Kim@"):
        issue(register, token_request("third", subject="kim@example.com"), NOW)
    assert [each.id for each in register.tokens()] == ["first", "second"]


def test_release_1_0_reads_a_list_without_subjects(register: TokenRegister, secret: Secrets) -> None:
    released = json.loads(RELEASED_SCHEMAS.read_text(encoding="utf-8"))["token-list"]
    validator = Draft202012Validator(released)
    issue(register, token_request("without", scopes=SCOPES_OF_RELEASE_1_0), NOW)
    register.change(lambda listed: [*listed, entry("endless")])
    validator.validate(json.loads(secret.held()))
    issue(register, token_request("with", subject="kim"), NOW)
    assert not validator.is_valid(json.loads(secret.held()))


def test_revoke_of_a_scope_keeps_the_token_and_its_other_scopes(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--scope", "governance:approve", "--scope", "snapshots:read", "--subject", "kim")
    assert run("tokens", "create", "a", *given) == 0
    assert run("tokens", "create", "b", *given) == 0
    before = TokenList.model_validate_json(secret.held()).tokens
    capsys.readouterr()
    assert run("tokens", "revoke", "a", "--scope", "governance:approve") == 0
    assert "Took governance:approve from a: every function applies it from" in capsys.readouterr().out
    after = TokenList.model_validate_json(secret.held()).tokens
    assert after == [before[0].model_copy(update={"scopes": ["snapshots:read"]}), before[1]]
    assert run("tokens", "revoke", "b", "--scope", "snapshots:read", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["changed"], answer["scopes"]) == (["b"], ["snapshots:read"])
    assert secret.ids() == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("a", "--scope", "worlds:write"), "The token a does not have worlds:write; nothing was changed"),
        (("a", "z", "--scope", "snapshots:read"), "There is no token 'z'; nothing was"),
        (("b", "a", "--scope", "snapshots:read"), "The token a would have no scope left; nothing was"),
    ],
)
def test_revoke_of_a_scope_that_is_missing_or_the_last_one_changes_nothing(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], why: str
) -> None:
    assert run("tokens", "create", "a", "--scope", "snapshots:read") == 0
    assert run("tokens", "create", "b", "--scope", "snapshots:read", "--scope", "worlds:write") == 0
    before = secret.held()
    capsys.readouterr()
    assert run("tokens", "revoke", *arguments) == 1
    assert why in " ".join(capsys.readouterr().err.split())
    assert secret.held() == before


def test_issuing_an_existing_token_id_raises_token_error(register: TokenRegister) -> None:
    issue(register, token_request(), NOW)
    with pytest.raises(TokenError, match="The token gateway already exists"):
        issue(register, token_request(), NOW)


def test_token_list_beyond_count_or_size_limit_raises_token_error() -> None:
    full = [entry(f"t{i}") for i in range(TOKENS_MAX_COUNT)]
    assert len(secret_text(full)) < TOKENS_SECRET_MAX_BYTES
    with pytest.raises(TokenError, match="101 tokens; at most 100 are allowed"):
        secret_text([*full, entry("one-more")])
    long = {"actors": [f"{i:02}{'a' * 126}" for i in range(TOKEN_ACTORS_MAX_COUNT)]}
    few = [entry(f"t{i}", **long) for i in range(28)]
    assert len(secret_text(few)) <= TOKENS_SECRET_MAX_BYTES
    with pytest.raises(TokenError, match="at most 65536 are allowed"):
        secret_text([*few, entry("t28", **long), entry("t29", **long)])


def test_concurrent_token_changes_are_all_kept(secret: Secrets, register: TokenRegister) -> None:
    other = TokenRegister(secret.real, SECRET)
    secret.before_the_move = [
        lambda: issue(other, token_request("theirs"), NOW),
        lambda: revoke(other, ["theirs"]),
        lambda: issue(other, token_request("theirs-again"), NOW),
    ]
    issue(register, token_request("mine"), NOW)
    assert secret.ids() == ["theirs-again", "mine"]


def test_issue_gives_up_after_repeated_concurrent_changes(secret: Secrets, register: TokenRegister) -> None:
    other = TokenRegister(secret.real, SECRET)
    secret.before_the_move = [
        partial(issue, other, token_request(f"theirs-{i}"), NOW) for i in range(ATTEMPTS_MAX_COUNT)
    ]
    with pytest.raises(TokenError, match="Nothing was changed"):
        issue(register, token_request("mine"), NOW)
    assert secret.ids() == [f"theirs-{i}" for i in range(ATTEMPTS_MAX_COUNT)]


def test_token_change_with_a_lost_response_is_applied_once(secret: Secrets, register: TokenRegister) -> None:
    def lose() -> None:
        raise refusal("InvalidParameterException", "UpdateSecretVersionStage")

    secret.after_the_move = [lose]
    issue(register, token_request("mine"), NOW)
    assert secret.ids() == ["mine"]


def test_access_denied_is_reported_and_no_token_is_created(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    def forbid() -> None:
        raise refusal("AccessDeniedException", "UpdateSecretVersionStage")

    secret.before_the_move = [forbid]
    assert run("tokens", "create", "mine", "--scope", "snapshots:read") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "AWS refused UpdateSecretVersionStage" in printed.err
    assert secret.ids() == []


def test_invalid_tokens_secret_is_reported_without_its_content(
    secret: Secrets, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    secret.put_secret_value(SecretId=SECRET, SecretString='{"tokens": [{"token": "a-token-by-mistake"}]}')
    assert run("tokens", "list") == 1
    printed = capsys.readouterr().err
    assert f"{SECRET} does not contain a list of tokens" in printed
    assert "by-mistake" not in printed
    secret.put_secret_value(SecretId=SECRET, SecretString='{"tokens": []}')


def test_previous_token_list_is_kept_as_awsprevious(secret: Secrets, register: TokenRegister) -> None:
    issue(register, token_request("first"), NOW)
    issue(register, token_request("second"), NOW)
    previous = secret.get_secret_value(SecretId=SECRET, VersionStage="AWSPREVIOUS")["SecretString"]
    assert [each.id for each in TokenList.model_validate_json(previous).tokens] == ["first"]


def test_tokens_of_an_undeployed_stage_are_reported_with_status_1(
    secret: Secrets, capsys: pytest.CaptureFixture[str]
) -> None:
    assert secret.ids() == []
    assert cli.main(["tokens", "list", "--stage-name", "prod"]) == 1
    assert (
        "There is no secret risk-hub-prod-tokens in this account and region. Is the stage deployed"
        in capsys.readouterr().err
    )
