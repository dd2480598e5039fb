"""A subscriber of the hub's alarms: believes a notification only if its signature is right, then prints it.

    RISK_HUB_ALARM_SECRET=... python alarm_webhook.py 8900

On AWS, subscribe its HTTPS address to an alarm topic. SNS signs what it sends with a certificate of its own; checking
that needs `pip install cryptography`. A local stage signs with the secret that it was started with.
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


class ForgedError(ValueError):
    """The notification is not from whom it says."""


def verify(envelope: Mapping[str, str], secret: str, fetch: Callable[[str], bytes]) -> None:
    """Raise ForgedError unless SNS, or the local stage with this secret, signed every field.

    Args:
        envelope: the posted document.
        secret: of the local stage; empty where only SNS may speak.
        fetch: gets a certificate by its address.
    """
    try:
        text = signed_text(envelope)
        signature = base64.b64decode(envelope["Signature"], validate=True)
        version = envelope["SignatureVersion"]
    except (KeyError, ValueError) as error:
        raise ForgedError(f"no signature can be checked: {error}") from None
    if version == "hmac-sha256" and secret:
        if not hmac.compare_digest(signature, hmac.digest(secret.encode(), text, hashlib.sha256)):
            raise ForgedError("the signature is not that of the secret")
        return
    verify_sns(envelope.get("SigningCertURL", ""), version, signature, text, fetch)


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
    """Return one line about an alarm."""
    alarm = json.loads(message)
    return f"{alarm['StateChangeTime']} {alarm['NewStateValue']} {alarm['AlarmName']}: {alarm['AlarmDescription']}"


class Subscriber(BaseHTTPRequestHandler):
    """Takes what is posted."""

    def do_POST(self) -> None:
        """Answer 204 to a genuine notification and 403 to any other."""
        length = min(int(self.headers.get("Content-Length") or 0), BODY_MAX_BYTES)
        try:
            envelope = json.loads(self.rfile.read(length))
            verify(envelope, os.environ.get("RISK_HUB_ALARM_SECRET", ""), fetch_certificate)
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
