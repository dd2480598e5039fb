"""A webhook for the hub's alarms: verify signature, age and topic of each notification, then print it.

    RISK_HUB_ALARM_SECRET=... python alarm_webhook.py 8900
    RISK_HUB_ALARM_TOPICS=arn:...-critical,arn:...-warning python alarm_webhook.py 8900

On AWS, subscribe its HTTPS address to an alarm topic. SNS signs with an AWS certificate, and checking it
needs `pip install cryptography`. SNS signs for every AWS customer: only the topic identifies your alarms.
A local stage signs with the secret that it was started with.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import sys
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_MAX_BYTES = 262_144
# A message can name any certificate URL; SNS certificates are served from SNS host names only.
CERTIFICATE_URL = re.compile(r"https://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[A-Za-z0-9._-]+\.pem")
SIGNED_FIELDS = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
HASHES = {"1": "SHA1", "2": "SHA256"}
# SNS retries a notification for at most one hour; an older one is a replay.
AGE_MAX = timedelta(hours=1)


class ForgedError(ValueError):
    """The notification is not from its claimed sender."""


@dataclass(frozen=True)
class Trust:
    """The trusted senders: a local stage with this secret, and these SNS topics; by default none."""

    secret: str = ""
    topics: frozenset[str] = frozenset()


def trusted(environment: Mapping[str, str]) -> Trust:
    """Read RISK_HUB_ALARM_SECRET and RISK_HUB_ALARM_TOPICS (comma-separated)."""
    topics = (each.strip() for each in environment.get("RISK_HUB_ALARM_TOPICS", "").split(","))
    return Trust(environment.get("RISK_HUB_ALARM_SECRET", ""), frozenset(each for each in topics if each))


def verify(envelope: object, trust: Trust, fetch: Callable[[str], bytes], now: datetime) -> dict[str, str]:
    """Return the posted fields, or raise ForgedError unless a trusted sender signed all of them recently.

    Args:
        envelope: the posted document.
        trust: the trusted senders.
        fetch: downloads a certificate from its URL.
        now: the current time, for checking the notification's age.
    """
    fields = texts(envelope)
    try:
        text = signed_text(fields)
        signature = base64.b64decode(fields["Signature"], validate=True)
        version, sent = fields["SignatureVersion"], datetime.fromisoformat(fields["Timestamp"])
    except (KeyError, ValueError) as error:
        raise ForgedError(f"no signature can be checked: {error}") from None
    if version == "hmac-sha256" and trust.secret:
        if not hmac.compare_digest(signature, hmac.digest(trust.secret.encode(), text, hashlib.sha256)):
            raise ForgedError("the signature was not made with the secret")
    else:
        verify_sns(fields.get("SigningCertURL", ""), version, signature, text, fetch)
        if fields["TopicArn"] not in trust.topics:
            raise ForgedError(f"topic {fields['TopicArn']!r} is none of RISK_HUB_ALARM_TOPICS")
    if sent.tzinfo is None or abs(now - sent) > AGE_MAX:
        raise ForgedError(f"it is of {fields['Timestamp']}, not of now")
    return fields


def texts(envelope: object) -> dict[str, str]:
    """Return the posted fields; raise ForgedError if the document is not an object of strings."""
    if not isinstance(envelope, dict) or not all(isinstance(each, str) for each in envelope.values()):
        raise ForgedError("not what SNS posts: an object of texts")
    return envelope


def verify_sns(
    address: str, version: str, signature: bytes, text: bytes, fetch: Callable[[str], bytes]
) -> None:
    """Raise ForgedError unless the signature matches an SNS certificate."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    if not CERTIFICATE_URL.fullmatch(address) or version not in HASHES:
        raise ForgedError(f"not signed by SNS: certificate {address!r}, version {version!r}")
    key = x509.load_pem_x509_certificate(fetch(address)).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ForgedError("the certificate holds no RSA key")
    try:
        key.verify(signature, text, padding.PKCS1v15(), getattr(hashes, HASHES[version])())
    except InvalidSignature:
        raise ForgedError("the signature was not made with the key of the certificate") from None


def signed_text(envelope: Mapping[str, str]) -> bytes:
    """Return the signed text: name and value of each field, one per line, in alphabetical order."""
    names = [name for name in SIGNED_FIELDS[envelope["Type"]] if name != "Subject" or name in envelope]
    return "".join(f"{name}\n{envelope[name]}\n" for name in names).encode()


def fetch_certificate(address: str) -> bytes:
    """Download a certificate from a URL that `verify` has recognised as SNS's."""
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - https only, see CERTIFICATE_URL
        return bytes(answer.read())


def describe_message(message: str) -> str:
    """Return one line about an alarm, or the message unchanged if it is not an alarm."""
    try:
        alarm = json.loads(message)
        return f"{alarm['StateChangeTime']} {alarm['NewStateValue']} {alarm['AlarmName']}: {alarm['AlarmDescription']}"
    except (KeyError, TypeError, ValueError):
        return message


class Subscriber(BaseHTTPRequestHandler):
    """HTTP handler for posted notifications."""

    def do_POST(self) -> None:
        """Answer 204 to a genuine notification and 403 to any other."""
        length = min(int(self.headers.get("Content-Length") or 0), BODY_MAX_BYTES)
        try:
            posted = json.loads(self.rfile.read(length))
            envelope = verify(posted, trusted(os.environ), fetch_certificate, datetime.now(UTC))
        except ValueError as error:
            self.send_error(403, explain=str(error))
            return
        if envelope["Type"] == "SubscriptionConfirmation":
            print("Confirm this subscription by opening", envelope["SubscribeURL"], flush=True)
        else:
            print(describe_message(envelope["Message"]), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Log no requests: the alarms are the output."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Subscriber).serve_forever()
