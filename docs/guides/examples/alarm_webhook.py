"""A subscriber of the hub's alarms: believes what is signed, recent and of a known topic, then prints it.

    RISK_HUB_ALARM_SECRET=... python alarm_webhook.py 8900
    RISK_HUB_ALARM_TOPICS=arn:...-critical,arn:...-warning python alarm_webhook.py 8900

On AWS, subscribe its HTTPS address to an alarm topic. SNS signs what it sends with a certificate of its own; checking
that needs `pip install cryptography`. It signs so for every customer of AWS: only the topic says whose alarm it is.
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
# Anybody can name a certificate; SNS's own lie under its own host names only.
CERTIFICATE_URL = re.compile(r"https://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[A-Za-z0-9._-]+\.pem")
SIGNED_FIELDS = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
HASHES = {"1": "SHA1", "2": "SHA256"}
# SNS repeats a notification for an hour at the most; an older one was kept by somebody.
AGE_MAX = timedelta(hours=1)


class ForgedError(ValueError):
    """The notification is not from whom it says."""


@dataclass(frozen=True)
class Trust:
    """Who may speak: a local stage with this secret, and these topics of SNS; empty: nobody."""

    secret: str = ""
    topics: frozenset[str] = frozenset()


def trusted(environment: Mapping[str, str]) -> Trust:
    """Read RISK_HUB_ALARM_SECRET and RISK_HUB_ALARM_TOPICS (comma-separated)."""
    topics = (each.strip() for each in environment.get("RISK_HUB_ALARM_TOPICS", "").split(","))
    return Trust(environment.get("RISK_HUB_ALARM_SECRET", ""), frozenset(each for each in topics if each))


def verify(envelope: object, trust: Trust, fetch: Callable[[str], bytes], now: datetime) -> dict[str, str]:
    """Return what was posted, or raise ForgedError unless somebody who is trusted signed every field of it of late.

    Args:
        envelope: the posted document.
        trust: who may speak.
        fetch: gets a certificate by its address.
        now: the time, against which its own is held.
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
            raise ForgedError("the signature is not that of the secret")
    else:
        verify_sns(fields.get("SigningCertURL", ""), version, signature, text, fetch)
        if fields["TopicArn"] not in trust.topics:
            raise ForgedError(f"topic {fields['TopicArn']!r} is none of RISK_HUB_ALARM_TOPICS")
    if sent.tzinfo is None or abs(now - sent) > AGE_MAX:
        raise ForgedError(f"it is of {fields['Timestamp']}, not of now")
    return fields


def texts(envelope: object) -> dict[str, str]:
    """Return the posted fields; raises ForgedError where it is no object of texts."""
    if not isinstance(envelope, dict) or not all(isinstance(each, str) for each in envelope.values()):
        raise ForgedError("not what SNS posts: an object of texts")
    return envelope


def verify_sns(
    address: str, version: str, signature: bytes, text: bytes, fetch: Callable[[str], bytes]
) -> None:
    """Raise ForgedError unless the key of a certificate of SNS made this signature."""
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
        raise ForgedError("the signature is not that of the certificate") from None


def signed_text(envelope: Mapping[str, str]) -> bytes:
    """Return what is signed: the name and value of each field, a line each, in alphabetical order."""
    names = [name for name in SIGNED_FIELDS[envelope["Type"]] if name != "Subject" or name in envelope]
    return "".join(f"{name}\n{envelope[name]}\n" for name in names).encode()


def fetch_certificate(address: str) -> bytes:
    """Return what lies at an address that `verify` has found to be one of SNS's."""
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - https only, see CERTIFICATE_URL
        return bytes(answer.read())


def told(message: str) -> str:
    """Return one line about an alarm; of a message that is none, the message."""
    try:
        alarm = json.loads(message)
        return f"{alarm['StateChangeTime']} {alarm['NewStateValue']} {alarm['AlarmName']}: {alarm['AlarmDescription']}"
    except (KeyError, TypeError, ValueError):
        return message


class Subscriber(BaseHTTPRequestHandler):
    """Takes what is posted."""

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
            print(told(envelope["Message"]), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing of requests: the alarms are the output."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Subscriber).serve_forever()
