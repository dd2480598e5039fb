"""The example subscriber accepts messages only from SNS and the local stage."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from infra.cdk.alarms.rule import AlarmRule
from infra.local.alarms.notification import envelope
from infra.local.alarms.watch import Transition
from tests.local_stage.subscriber import example_receiver

receiver = example_receiver()
ADDRESS = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abc.pem"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SNS = {
    "Type": "Notification",
    "MessageId": "1",
    "TopicArn": "arn:aws:sns:eu-central-1:000000000000:risk-hub-prod-alarms-critical",
    "Subject": "ALARM",
    "Message": "{}",
    "Timestamp": "2026-01-02T03:04:05.000Z",
}


OURS = receiver.Trust(topics=frozenset({SNS["TopicArn"]}))
LOCAL = receiver.Trust("secret")


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    builder = builder.serial_number(1).not_valid_before(AT).not_valid_after(AT + timedelta(days=1))
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def signed(**changes: str) -> dict[str, str]:
    fields = {**SNS, **changes}
    text = receiver.signed_text(fields)
    signature = base64.b64encode(KEY.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()
    return {**fields, "SignatureVersion": "2", "Signature": signature, "SigningCertURL": ADDRESS}


def local(secret: str) -> dict[str, str]:
    rule = AlarmRule("test", "test", "A test", "warning", {})
    return envelope(Transition(AT, rule, "OK", "ALARM", (1.0,)), secret)


def fetch(address: str) -> bytes:
    assert address == ADDRESS
    return certificate()


def no_fetch(address: str) -> bytes:
    raise AssertionError(address)


def test_message_signed_by_sns_is_accepted() -> None:
    assert receiver.verify(signed(), OURS, fetch, AT)["Message"] == "{}"


def test_signed_text_contains_each_field_with_its_name() -> None:
    assert receiver.signed_text(SNS).decode().splitlines() == [
        part
        for name in ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        for part in (name, SNS[name])
    ]


def test_message_signed_by_the_local_stage_is_accepted() -> None:
    receiver.verify(local("secret"), LOCAL, no_fetch, AT)


@pytest.mark.parametrize("field", sorted(SNS))
def test_message_with_a_changed_field_is_rejected(field: str) -> None:
    for original, trust in ((signed(), OURS), (local("secret"), LOCAL)):
        changed = {**original, field: original[field] + "x"}
        with pytest.raises(receiver.ForgedError):
            receiver.verify(changed, trust, fetch, AT)


@pytest.mark.parametrize(
    "address",
    [
        "https://sns.eu-central-1.amazonaws.com.evil.example/a.pem",
        "https://evil.example/sns.eu-central-1.amazonaws.com/a.pem",
        "http://sns.eu-central-1.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com/../a.pem",
        "",
    ],
)
def test_certificate_from_an_untrusted_url_is_not_fetched(address: str) -> None:
    with pytest.raises(receiver.ForgedError, match="not signed by SNS"):
        receiver.verify({**signed(), "SigningCertURL": address}, OURS, no_fetch, AT)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda e: {**e, "Signature": "no base64!"},
        lambda e: {name: value for name, value in e.items() if name != "Signature"},
        lambda e: {**e, "Type": "Other"},
        lambda e: {**e, "SignatureVersion": "3"},
        lambda e: {**e, "Type": ["Notification"]},
        lambda e: {**e, "Signature": 1},
        lambda e: [e],
        lambda _: None,
        lambda e: {**e, "Signature": base64.b64encode(hmac.digest(b"", b"", hashlib.sha256)).decode()},
    ],
)
def test_message_with_a_missing_or_malformed_signature_is_rejected(
    spoil: Callable[[dict[str, str]], Any],
) -> None:
    with pytest.raises(receiver.ForgedError):
        receiver.verify(spoil(signed()), OURS, fetch, AT)


def test_local_stage_message_is_rejected_without_a_secret() -> None:
    with pytest.raises(receiver.ForgedError, match="not signed by SNS"):
        receiver.verify(local(""), OURS, no_fetch, AT)


def test_message_from_an_untrusted_sns_topic_is_rejected() -> None:
    """SNS signs for all customers with the same certificate: anyone can have it sign an alarm of their topic."""
    foreign = signed(TopicArn="arn:aws:sns:eu-central-1:111111111111:risk-hub-prod-alarms-critical")
    for trust in (OURS, LOCAL, receiver.Trust()):
        with pytest.raises(receiver.ForgedError, match="none of RISK_HUB_ALARM_TOPICS"):
            receiver.verify(foreign, trust, fetch, AT)


def test_message_replayed_after_an_hour_is_rejected() -> None:
    for genuine, trust in ((signed(), OURS), (local("secret"), LOCAL)):
        receiver.verify(genuine, trust, fetch, AT + timedelta(minutes=59))
        with pytest.raises(receiver.ForgedError, match="not of now"):
            receiver.verify(genuine, trust, fetch, AT + timedelta(minutes=61))


def test_topics_and_secret_are_read_from_the_environment() -> None:
    environment = {"RISK_HUB_ALARM_TOPICS": "arn:a, arn:b,", "RISK_HUB_ALARM_SECRET": "s"}
    assert receiver.trusted(environment) == receiver.Trust("s", frozenset({"arn:a", "arn:b"}))
    assert receiver.trusted({}) == receiver.Trust()


def test_message_that_is_not_an_alarm_is_shown_unchanged() -> None:
    assert [receiver.describe_message(each) for each in ("hello", "[]", "{}")] == ["hello", "[]", "{}"]
