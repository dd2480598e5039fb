"""Notification to a subscriber: the envelope of SNS and the message of CloudWatch."""

import base64
import hashlib
import hmac
import json
import uuid
from typing import Final

from infra.local.alarms.watch import Transition
from infra.names import LOCAL_ACCOUNT, LOCAL_REGION, LOCAL_STAGE, alarm_topic_name, physical_name

SIGNATURE_VERSION: Final = "hmac-sha256"
"""SNS signs with a certificate (versions 1 and 2), the local stage with the secret of its settings."""
SIGNED_FIELDS: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")


def alarm_message(transition: Transition) -> dict[str, object]:
    """Return CloudWatch's message for an alarm's change."""
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
    """Return the signed notification in the form that SNS posts to an HTTPS subscriber."""
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
    """Sign the text that SNS signs: each field's name and value, one per line, in alphabetical order."""
    text = "".join(f"{name}\n{fields[name]}\n" for name in SIGNED_FIELDS)
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha256)).decode()


def _instant(transition: Transition) -> str:
    return transition.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
