"""Install faults into the deployed functions of a local stage, and remove them."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.functions import BUNDLE_OF, WORKER_EVENTS
from infra.local.aws import LocalAws
from infra.local.code_zip import build_code_zip
from infra.names import FunctionFolder, handler, physical_name, queue_name

STAGE = "local"
FAULTY = Path(__file__).with_name("faulty.py")
Rates = Mapping[str, Mapping[str, float]]

RATES: dict[FunctionFolder, Rates] = {
    "snapshot_writer": {
        "PutItem": {"throttled": 0.03, "timed out": 0.01, "answer lost": 0.03, "killed after": 0.002},
        "GetSecretValue": {"timed out": 0.2},
    },
    "event_relay": {
        "UpdateItem": {"throttled": 0.01, "killed before": 0.0005, "answer lost": 0.0005},
        "PutEvents": {
            "refused": 0.03,
            "throttled": 0.03,
            "timed out": 0.01,
            "killed before": 0.005,
            "killed after": 0.01,
        },
    },
    "risk_engine": {
        "PutItem": {"throttled": 0.02, "answer lost": 0.01, "killed before": 0.003, "killed after": 0.003},
    },
    "stress_engine": {
        "PutItem": {"throttled": 0.02, "answer lost": 0.01, "killed before": 0.003, "killed after": 0.003},
    },
    "exit_engine": {
        "GetItem": {"throttled": 0.01, "timed out": 0.002, "killed before": 0.0005},
        "PutItem": {"throttled": 0.02, "answer lost": 0.01, "killed before": 0.003, "killed after": 0.003},
    },
    "snapshot_mover": {
        "PutItem": {"throttled": 0.05, "answer lost": 0.03, "killed before": 0.01, "killed after": 0.03},
        "PutObject": {"timed out": 0.05, "answer lost": 0.03, "killed before": 0.03, "killed after": 0.03},
        "GetObject": {"timed out": 0.03, "killed before": 0.02},
        "TransactWriteItems": {
            "throttled": 0.05,
            "answer lost": 0.03,
            "killed before": 0.03,
            "killed after": 0.03,
        },
        "UpdateItem": {"throttled": 0.02, "answer lost": 0.02, "killed before": 0.01, "killed after": 0.02},
    },
}
# The worker for which one world's effects are refused until the faults end.
REFUSED_WORKER: FunctionFolder = "stress_engine"


@dataclass(frozen=True)
class Faults:
    """The faults of one stage, and the file that counts them; `Plan` explains the other attributes."""

    aws: LocalAws
    log: Path
    refused_world: str
    visibility_seconds: int

    def install(self) -> None:
        """Put the faulty wrapper in front of each handler; a returned message is redelivered within seconds."""
        self.log.touch()
        for folder, rates in RATES.items():
            code = with_faulty_wrapper(build_code_zip(BUNDLE_OF[folder]))
            variables = {
                "FAULTY_HANDLER": handler(folder).rpartition(".")[0],
                "FAULTY_RATES": json.dumps(rates),
                "FAULTY_LOG": str(self.log),
                "FAULTY_WORLD": self.refused_world if folder == REFUSED_WORKER else "",
            }
            self._change(folder, code, "faulty.handler", variables)
        sqs = self.aws.client("sqs")
        for worker in WORKER_EVENTS:
            url = sqs.get_queue_url(QueueName=queue_name(STAGE, worker))["QueueUrl"]
            sqs.set_queue_attributes(
                QueueUrl=url, Attributes={"VisibilityTimeout": str(self.visibility_seconds)}
            )

    def remove(self) -> None:
        """Restore the functions' own handlers."""
        for folder in RATES:
            self._change(folder, build_code_zip(BUNDLE_OF[folder]), handler(folder), {"FAULTY_RATES": "{}"})

    def injected(self) -> dict[str, int]:
        """Return how often each fault happened."""
        counts: dict[str, int] = {}
        for line in self.log.read_text(encoding="utf-8").splitlines():
            counts[line] = counts.get(line, 0) + 1
        return dict(sorted(counts.items()))

    def _change(self, folder: FunctionFolder, code: bytes, entry: str, variables: dict[str, str]) -> None:
        client: Any = self.aws.client("lambda")
        name = physical_name(STAGE, folder)
        present = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        client.update_function_code(FunctionName=name, ZipFile=code)
        client.update_function_configuration(
            FunctionName=name, Handler=entry, Environment={"Variables": {**present, **variables}}
        )


def with_faulty_wrapper(code: bytes) -> bytes:
    """Return the zip with the faulty wrapper added."""
    buffer = io.BytesIO(code)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("faulty.py", FAULTY.read_text(encoding="utf-8"))
    return buffer.getvalue()
