"""`risk-hub policy put`, `list`, `show`, `activate`, `active` and `history`, and the same calls of both clients."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from risk_hub_client import (
    AsyncRiskHubClient,
    ConflictError,
    DeniedError,
    InvalidSnapshotError,
    NotFoundError,
    RiskHubClient,
)
from risk_hub_client.cli.app import REFUSED, USAGE, build_app, run
from risk_hub_contracts.api.openapi.examples import POLICY
from risk_hub_contracts.policies.evaluation_policy import parse_policy
from tests.client.server import Server

FILE = Path(__file__).parents[2] / "docs" / "guides" / "examples" / "policy.yaml"
DIGEST = parse_policy(yaml.safe_load(FILE.read_text(encoding="utf-8"))).policy_hash
KEY = ("trend-strategies", "2026-01")
ACTIVATE = ("policy", "activate", "w1", *KEY, "--reason", "first policy")


@dataclass
class Shell:
    """A shell of one person, in which the hub's own handlers print to the same output."""

    captured: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    server: Server

    def login(self, subject: str) -> None:
        scopes = ["evaluations:read", "policies:write"]
        self.patch.setenv("RISK_HUB_TOKEN", self.server.hub.tokens.issue(scopes, subject=subject))  # type: ignore[arg-type]

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self.captured.readouterr()
        status = run(build_app(), list(arguments))
        out, err = self.captured.readouterr()
        printed = [line for line in out.splitlines() if not line.startswith('{"')]
        return status, "\n".join(printed), err

    def document(self, *arguments: str, status: int = 0) -> Any:
        found, out, err = self(*arguments, "--json")
        assert found == status, err
        return json.loads(out)


@pytest.fixture
def shell(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("RISK_HUB_URL", server.url)
    opened = Shell(capsys, monkeypatch, server)
    opened.login("kim")
    return opened


def policy(version: str) -> dict[str, Any]:
    return {**POLICY, "version": version}


def test_put_prints_the_hash_and_the_author_and_again_changes_nothing(shell: Shell) -> None:
    first = shell("policy", "put", str(FILE))
    assert first[0] == 0
    assert first[1].startswith(f"trend-strategies 2026-01: {DIGEST}, stored at ")
    assert first[1].endswith(" by kim")
    shell.login("lee")
    assert shell("policy", "put", str(FILE))[:2] == first[:2]
    assert shell.document("policy", "put", str(FILE))["policy_hash"] == DIGEST


def test_empty_lists_of_policies_and_activations_say_so(shell: Shell) -> None:
    assert shell("policy", "list")[:2] == (0, "No policy is stored.")
    assert shell("policy", "list", "nope")[:2] == (0, "No version of policy 'nope' is stored.")
    assert shell("policy", "history", "w1")[:2] == (0, "w1: no policy was activated")


def test_put_of_another_document_under_a_stored_version_shows_both_hashes(
    shell: Shell, tmp_path: Path
) -> None:
    shell("policy", "put", str(FILE))
    changed = tmp_path / "policy.yaml"
    changed.write_text(FILE.read_text(encoding="utf-8").replace("min: 0.6", "min: 0.5"), encoding="utf-8")
    status, _, err = shell("policy", "put", str(changed))
    assert status == REFUSED
    assert "with another document" in err
    details = shell.document("policy", "put", str(changed), status=REFUSED)
    offered = parse_policy(yaml.safe_load(changed.read_text(encoding="utf-8"))).policy_hash
    assert (details["stored_hash"], details["offered_hash"]) == (DIGEST, offered)


def test_put_of_an_invalid_file_names_the_line_and_sends_nothing(
    shell: Shell, server: Server, tmp_path: Path
) -> None:
    wrong = tmp_path / "policy.yaml"
    wrong.write_text(FILE.read_text(encoding="utf-8").replace("min: 0.6", "mn: 0.6"), encoding="utf-8")
    status, _, err = shell("policy", "put", str(wrong))
    assert status == REFUSED
    assert f"{wrong}:26: /profiles/" in err.replace("\n", "")
    assert shell.document("policy", "put", str(wrong), status=REFUSED)["valid"] is False
    wrong.write_text("[", encoding="utf-8")
    assert shell("policy", "put", str(wrong))[0] == REFUSED
    assert shell("policy", "put", str(tmp_path / "none.yaml"))[0] == USAGE
    assert not server.seen


def test_put_prints_warnings_of_limits_that_may_be_mistakes(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    rule = {"kind": "threshold", "metric": "returns.sharp", "fail": {"min": 0.1}}
    file.write_text(json.dumps({**POLICY, "profiles": {"paper": {"rules": {"r": rule}}}}), encoding="utf-8")
    status, out, err = shell("policy", "put", str(file))
    assert status == 0
    assert "warning: /profiles/paper/rules/r: 'returns.sharp' is not a metric" in err
    assert "warning" not in out


def test_list_and_show_print_stored_versions(shell: Shell, server: Server) -> None:
    shell("policy", "put", str(FILE))
    with RiskHubClient(server.url, server.token) as hub:
        hub.put_policy(policy("1"))
    assert [line.partition(":")[0] for line in shell("policy", "list")[1].splitlines()] == [
        "trend-strategies 2026-01",
        "us-core 1",
    ]
    assert shell("policy", "list", "us-core")[1].startswith("us-core 1: ")
    assert [each["version"] for each in shell.document("policy", "list", "us-core")] == ["1"]
    status, out, err = shell("policy", "show", *KEY)
    assert (status, parse_policy(yaml.safe_load(out)).policy_hash) == (0, DIGEST)
    assert DIGEST in err
    assert shell.document("policy", "show", *KEY)["policy_hash"] == DIGEST
    assert shell("policy", "show", "us-core", "2")[0] == REFUSED


def test_activation_needs_another_subject_and_a_reason(shell: Shell) -> None:
    shell("policy", "put", str(FILE))
    status, _, err = shell(*ACTIVATE)
    assert status == REFUSED
    assert "so another subject must activate it" in err
    shell.login("lee")
    assert shell(*ACTIVATE[:-2])[0] == USAGE
    status, out, _ = shell(*ACTIVATE)
    assert status == 0
    assert out.startswith("w1 1: trend-strategies 2026-01, activated at ")
    assert out.endswith(" by lee: first policy")


def test_active_and_history_print_the_activations_of_a_world(shell: Shell, server: Server) -> None:
    assert shell("policy", "active", "w1")[0] == REFUSED
    shell("policy", "put", str(FILE))
    with RiskHubClient(server.url, server.token) as hub:
        hub.put_policy(policy("1"))
    shell.login("lee")
    first = shell(*ACTIVATE)[1]
    second = shell("policy", "activate", "w1", "us-core", "1", "--reason", "wider limits")[1]
    assert shell("policy", "active", "w1")[1] == second
    assert shell("policy", "history", "w1")[1].splitlines() == [second, first]
    assert [each["sequence"] for each in shell.document("policy", "history", "w1")] == [2, 1]
    assert shell.document("policy", "active", "w1")["policy_id"] == "us-core"


def test_both_clients_list_policies_and_activations_across_all_pages(
    client: RiskHubClient, server: Server
) -> None:
    versions = [f"{number:03}" for number in range(103)]
    for version in versions:
        client.put_policy(policy(version))
    token = server.hub.tokens.issue(["evaluations:read", "policies:write"], subject="lee")
    with RiskHubClient(server.url, token) as lee:
        for version in versions:
            lee.activate_policy("w1", "us-core", version, "rehearsal")

    async def read() -> tuple[list[str], list[str]]:
        async with AsyncRiskHubClient(server.url, server.token) as hub:
            stored = [each["version"] async for each in hub.policies("us-core")]
            return stored, [each["version"] async for each in hub.policy_activations("w1")]

    stored = [each["version"] for each in client.policies("us-core")]
    activated = [each["version"] for each in client.policy_activations("w1")]
    assert (stored, activated) == (versions, versions[::-1])
    assert asyncio.run(read()) == (stored, activated)


def test_async_client_stores_activates_and_reads_a_policy(server: Server) -> None:
    async def run_all() -> None:
        async with AsyncRiskHubClient(server.url, server.token) as hub:
            stored = await hub.put_policy(policy("1"))
            assert (await hub.policy("us-core", "1"))["policy_hash"] == stored["policy_hash"]
            with pytest.raises(DeniedError):
                await hub.activate_policy("w1", "us-core", "1", "because")
            with pytest.raises(NotFoundError):
                await hub.active_policy("w1")

    asyncio.run(run_all())


def test_client_refuses_malformed_ids_without_a_request(client: RiskHubClient, server: Server) -> None:
    before = len(server.seen)
    for policy_id, version in (("a b", "1"), ("a", "../b")):
        with pytest.raises(InvalidSnapshotError):
            client.policy(policy_id, version)
    with pytest.raises(InvalidSnapshotError):
        client.put_policy({"version": "1"})
    with pytest.raises(InvalidSnapshotError):
        client.active_policy("w 1")
    assert len(server.seen) == before


def test_client_reports_a_conflict_with_the_hashes_of_both_documents(client: RiskHubClient) -> None:
    stored = client.put_policy(policy("1"))
    with pytest.raises(ConflictError) as raised:
        client.put_policy({**policy("1"), "owner": "another-desk"})
    assert raised.value.hashes[0] == stored["policy_hash"]
