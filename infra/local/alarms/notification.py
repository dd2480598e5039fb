"""What a subscriber is sent: the envelope and the text that SNS and CloudWatch would write."""

import base64
import hashlib
import hmac
import json
import uuid
from typing import Final

from infra.local.alarms.watch import Transition
from infra.names import LOCAL_ACCOUNT, LOCAL_REGION, LOCAL_STAGE, alarm_topic_name, physical_name

SIGNATURE_VERSION: Final = "hmac-sha256"
"""SNS signs with its own certificate (versions 1 and 2); this machine has none, so the secret of the settings signs."""
SIGNED_FIELDS: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")


def alarm_message(transition: Transition) -> dict[str, object]:
    """Return what CloudWatch says of an alarm's change."""
    rule = transition.rule
    return {
        "AlarmName": physical_name(LOCAL_STAGE, rule.name),
        "AlarmDescription": f"{rule.meaning}. Runbook: docs/runbook/{rule.page}.md",
        "AWSAccountId": LOCAL_ACCOUNT,
        "Region": LOCAL_REGION,
        "NewStateValue": transition.after,
        "NewStateReason": transition.reason,
        "OldStateValue": transition.before,
        "StateChangeTime": _instant(transition),
    }


def envelope(transition: Transition, secret: str) -> dict[str, str]:
    """Return the notification as SNS posts it to an HTTPS subscriber, signed."""
    topic = alarm_topic_name(LOCAL_STAGE, transition.rule.severity)
    name = physical_name(LOCAL_STAGE, transition.rule.name)
    unsigned = {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": f"arn:aws:sns:{LOCAL_REGION}:{LOCAL_ACCOUNT}:{topic}",
        "Subject": f'{transition.after}: "{name}" in {LOCAL_REGION}',
        "Message": json.dumps(alarm_message(transition)),
        "Timestamp": _instant(transition),
    }
    return {**unsigned, "SignatureVersion": SIGNATURE_VERSION, "Signature": signature(unsigned, secret)}


def signature(fields: dict[str, str], secret: str) -> str:
    """Sign the text that SNS signs: each field's name and value, a line each, in alphabetical order."""
    text = "".join(f"{name}\n{fields[name]}\n" for name in SIGNED_FIELDS)
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha256)).decode()


def _instant(transition: Transition) -> str:
    return transition.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
