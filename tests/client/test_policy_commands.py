"""`risk-hub policy validate` and `risk-hub policy import`: offline, YAML and JSON, with lines and pointers."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from risk_hub_client.cli.app import REFUSED, build_app, run
from risk_hub_client.cli.yaml_document import VALUES_MAX_COUNT, YamlError, load_yaml
from risk_hub_contracts.policies.evaluation_policy import parse_policy

EXAMPLES = Path(__file__).parents[2] / "docs" / "guides" / "examples"
POLICY = EXAMPLES / "policy.yaml"
DEPLOYED = EXAMPLES / "deployed_policy.yaml"
Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.delenv("RISK_HUB_URL", raising=False)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        status = run(build_app(), [str(each) for each in arguments])
        return status, *capsys.readouterr()

    return call


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_valid_policy_is_printed_with_its_hash_in_yaml_and_json(shell: Shell, tmp_path: Path) -> None:
    document = yaml.safe_load(POLICY.read_text(encoding="utf-8"))
    as_json = written(tmp_path, "policy.json", json.dumps(document))
    digest = parse_policy(document).policy_hash
    status, out, _ = shell("policy", "validate", POLICY, as_json)
    assert status == 0
    assert out.splitlines() == [
        f"{file}: policy trend-strategies 2026-01, {digest}" for file in (POLICY, as_json)
    ]


def test_invalid_policy_has_status_1_and_names_line_and_pointer(shell: Shell, tmp_path: Path) -> None:
    text = POLICY.read_text(encoding="utf-8").replace("max: 0.35", "mx: 0.35").replace("k: 10", "k: 0")
    file = written(tmp_path, "policy.yaml", text)
    line = text.splitlines().index("        fail: {mx: 0.35}") + 1
    status, out, err = shell("policy", "validate", POLICY, file)
    assert status == REFUSED
    assert str(POLICY) in out
    assert f"{file}:{line}: /profiles/base/rules/crash_2020/fail/mx: unknown field 'mx'" in err
    assert "/profiles/base/rules/best_ten/k: must be at least 1" in err


def test_json_output_has_each_error_with_pointer_and_line(shell: Shell, tmp_path: Path) -> None:
    file = written(tmp_path, "p.yaml", "policy_id: p\nversion: 3\n")
    status, out, _ = shell("policy", "validate", "--json", file)
    (verdict,) = json.loads(out)
    assert (status, verdict["valid"]) == (REFUSED, False)
    assert {"pointer": "/version", "line": 2, "detail": "must be a string; this is 3"} in verdict["errors"]


def test_warning_names_an_unknown_metric_and_does_not_change_the_status(shell: Shell, tmp_path: Path) -> None:
    text = POLICY.read_text(encoding="utf-8").replace(
        "kind: performance\n        measure: sharpe", "kind: threshold\n        metric: returns.sharp"
    )
    status, out, _ = shell("policy", "validate", written(tmp_path, "p.yaml", text))
    assert status == 0
    assert "warning: " in out
    assert "did you mean 'returns.sharpe'?" in out


def test_document_of_the_deployed_system_is_sent_to_the_import(shell: Shell) -> None:
    status, _, err = shell("policy", "validate", DEPLOYED)
    assert status == REFUSED
    assert "convert it with `risk-hub policy import`" in err


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("p.yaml", "a: 1\na: 2\n", "p.yaml:2: the key 'a' appears more than once"),
        ("p.yaml", "a: [1, 2\nb: 3\n", "p.yaml:2: "),
        ("p.yaml", "a: 2026-01-01\n", "p.yaml:1: 2026-01-01 is a date in YAML; write it in quotes"),
        ("p.yaml", "a: !!python/object:os.system x\n", "p.yaml:1: the tag"),
        ("p.yaml", "[" * 5_000, "nested more than 32 levels deep"),
        ("p.yaml", "a: &x [*x]\n", "nested more than 32 levels deep, or an alias refers to itself"),
        ("p.yaml", "a: !!int abc\n", "p.yaml:1: 'abc' is not of the type int"),
        ("p.yaml", "a: !!bool maybe\n", "p.yaml:1: 'maybe' is not of the type bool"),
        ("p.yaml", "a: " + "9" * 5_000, "is not of the type int"),
        ("p.yaml", "a: 1\n---\nb: 2\n", "p.yaml:2: "),
        ("p.yaml", "? [1, 2]\n: 3\n", "p.yaml:1: a key must be text"),
        ("p.yaml", "a: \x01\n", "p.yaml: "),
        ("p.yaml", "", "p.yaml: must be an object"),
        ("p.yaml", "a: .nan\n", "/a: unknown field 'a'"),
        ("p.json", '{"a": 1, "a": 2}', "p.json: /a: this key appears more than once in its object"),
        ("p.json", '{"a": NaN}', "p.json: NaN is not a JSON number"),
        ("p.json", "[" * 40 + "]" * 40, "p.json: The JSON is nested more than 32 levels deep."),
        ("p.json", "3", "p.json: must be an object; this is 3"),
        (
            "p.yaml",
            "a: " + "x" * 1_100_000,
            "p.yaml: the file has 1100003 bytes; at most 1048576 are allowed",
        ),
    ],
)
@pytest.mark.parametrize("command", ["validate", "import"])
def test_unreadable_document_is_refused_with_its_line(  # noqa: PLR0913, PLR0917 - the columns of the table
    shell: Shell, tmp_path: Path, command: str, name: str, text: str, expected: str
) -> None:
    status, out, err = shell("policy", command, written(tmp_path, name, text))
    assert (status, out) == (REFUSED, "")
    assert expected in err


def test_limit_that_is_nan_in_yaml_is_refused(shell: Shell, tmp_path: Path) -> None:
    text = POLICY.read_text(encoding="utf-8").replace("{max: 0.35}", "{max: .nan}")
    status, _, err = shell("policy", "validate", written(tmp_path, "p.yaml", text))
    assert status == REFUSED
    assert "/profiles/base/rules/crash_2020/fail/max: must be within the range of a 64-bit float" in err


def test_missing_file_is_refused_before_it_is_read(shell: Shell, tmp_path: Path) -> None:
    status, _, err = shell("policy", "validate", tmp_path / "none.yaml")
    assert status != 0
    assert "none.yaml" in err


def test_import_writes_a_policy_that_validates_and_prints_each_difference_once(
    shell: Shell, tmp_path: Path
) -> None:
    out_file = tmp_path / "policy.yaml"
    status, out, err = shell("policy", "import", DEPLOYED, "--id", "trend", "--out", out_file)
    assert status == 0
    lines = err.splitlines()
    assert len(lines) == len({line.partition(":")[0] for line in lines}) == 19
    assert any(line.startswith("liquidity_limits_are_always_checked: ") for line in lines)
    digest = out.strip().rpartition(", ")[2]
    status, validated, _ = shell("policy", "validate", out_file)
    assert (status, digest in validated) == (0, True)
    kept = out_file.read_bytes()
    assert shell("policy", "import", DEPLOYED, "--out", out_file)[0] == REFUSED
    assert out_file.read_bytes() == kept


def test_import_prints_yaml_or_one_json_document_without_out(shell: Shell, tmp_path: Path) -> None:
    _, out, _ = shell("policy", "import", DEPLOYED, "--id", "trend", "--version", "7", "--owner", "desk")
    policy = parse_policy(yaml.safe_load(out))
    assert (policy.policy_id, policy.version, policy.owner) == ("trend", "7", "desk")
    _, out, _ = shell(
        "policy", "import", DEPLOYED, "--json", "--id", "trend", "--version", "7", "--owner", "desk"
    )
    document = json.loads(out)
    assert document["policy_hash"] == policy.policy_hash
    assert document["policy"] == policy.document()
    assert "merged_limits" in document["differences"]
    as_json = tmp_path / "policy.json"
    shell(
        "policy", "import", DEPLOYED, "--id", "trend", "--version", "7", "--owner", "desk", "--out", as_json
    )
    assert parse_policy(json.loads(as_json.read_bytes())).policy_hash == policy.policy_hash


def test_import_names_the_policy_after_its_file(shell: Shell, tmp_path: Path) -> None:
    file = written(tmp_path, "my world (2).yml", DEPLOYED.read_text(encoding="utf-8"))
    _, out, _ = shell("policy", "import", file)
    assert yaml.safe_load(out)["policy_id"] == "my-world-2"


def test_import_of_an_invalid_document_names_line_and_pointer(shell: Shell, tmp_path: Path) -> None:
    text = DEPLOYED.read_text(encoding="utf-8").replace("sharpe_min: 0.6", "sharpe_mn: 0.6")
    status, _, err = shell("policy", "import", written(tmp_path, "d.yaml", text))
    assert status == REFUSED
    assert "d.yaml:4: /validation_profiles/backtest/performance/sharpe_mn: unknown field 'sharpe_mn'" in err


def test_yaml_values_are_json_values_and_keys_are_text() -> None:
    text = b"on: yes\n1: 1e-3\na: &x {b: 2, c: null}\nd: {<<: *x, b: 3}\ne: '1e-3'\nf: -0.5\n"
    read = load_yaml(text)
    assert read.value == {
        "on": True,
        "1": 0.001,
        "a": {"b": 2, "c": None},
        "d": {"b": 3, "c": None},
        "e": "1e-3",
        "f": -0.5,
    }
    assert {pointer: read.lines[pointer] for pointer in ("/1", "/a/b", "/d/b")} == {
        "/1": 2,
        "/a/b": 3,
        "/d/b": 4,
    }


def test_mapping_with_merged_members_can_be_used_again() -> None:
    read = load_yaml(b"a: &a {x: 1}\nb: &b {<<: *a, x: 2, y: 3}\nc: *b\nd: {<<: [*a, *b]}\n")
    assert read.value == {"a": {"x": 1}, "b": {"x": 2, "y": 3}, "c": {"x": 2, "y": 3}, "d": {"x": 1, "y": 3}}


def test_integer_beyond_the_range_of_a_float_is_refused(shell: Shell, tmp_path: Path) -> None:
    text = POLICY.read_text(encoding="utf-8").replace("{max: 0.35}", f"{{max: {'9' * 400}}}")
    status, _, err = shell("policy", "validate", written(tmp_path, "p.yaml", text))
    assert status == REFUSED
    assert "/profiles/base/rules/crash_2020/fail/max: must be " in err


def test_policy_is_read_from_standard_input(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(POLICY.read_bytes())

    monkeypatch.setattr("sys.stdin", Stdin())
    status, out, _ = shell("policy", "validate", "-")
    assert (status, out.startswith("stdin: policy trend-strategies 2026-01, sha256:")) == (0, True)


def test_aliases_are_expanded_up_to_a_number_of_values() -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    with pytest.raises(YamlError, match=f"more than {VALUES_MAX_COUNT:,} values, aliases expanded"):
        load_yaml(text.encode())


@pytest.mark.parametrize("document", [{"a": [1, {"b": "ü"}]}, [], "text", 0.1])
def test_yaml_of_a_json_value_is_read_back(document: Any) -> None:
    assert load_yaml(yaml.safe_dump(document, allow_unicode=True).encode()).value == document
