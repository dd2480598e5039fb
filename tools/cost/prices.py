"""List prices of AWS in US dollars, and assumptions, for comparison: only a real account's bill is exact."""

from dataclasses import dataclass
from typing import Final

PRICED: Final = "us-east-1, list prices without free tiers, as known in November 2025"
MILLION: Final = 1_000_000
KIB: Final = 1024
WRITE_UNIT_BYTES: Final = 1 * KIB
READ_UNIT_BYTES: Final = 4 * KIB
EVENT_CHUNK_BYTES: Final = 64 * KIB
BYTES_PER_GB: Final = 1_000_000_000


@dataclass(frozen=True)
class Prices:
    """US dollars per unit."""

    write_unit: float = 0.625 / MILLION
    read_unit: float = 0.125 / MILLION
    table_gb_month: float = 0.25
    bucket_gb_month: float = 0.023
    rest_request: float = 3.50 / MILLION
    lambda_request: float = 0.20 / MILLION
    lambda_gb_second_arm64: float = 0.0000133334
    event_chunk: float = 1.00 / MILLION
    queue_request_chunk: float = 0.40 / MILLION
    s3_put: float = 5.00 / MILLION
    s3_get: float = 0.40 / MILLION
    s3_list: float = 5.00 / MILLION
    log_gb: float = 0.50
    alarm_metric_month: float = 0.10
    metric_month: float = 0.30
    dashboard_month: float = 3.00
    key_month: float = 1.00
    secret_month: float = 0.40
    secret_read: float = 5.00 / MILLION
    web_acl_month: float = 5.00
    web_acl_rule_month: float = 1.00
    snap_start_gb_second: float = 0.0000015046


@dataclass(frozen=True)
class Assumed:
    """Assumptions that only a real account can measure.

    Attributes:
        milliseconds_per_call: how long a function waits for one AWS call.
        milliseconds_of_work: a function's own work per invocation.
        platform_log_bytes_per_invocation: Lambda's own lines on a successful invocation, `platform.start` and
            `platform.report`.
        access_log_bytes_per_request: the line of API Gateway's access log.
        queue_requests_per_message: sent by the rule, received, deleted; batches make it less.
    """

    milliseconds_per_call: float = 6.0
    milliseconds_of_work: float = 5.0
    platform_log_bytes_per_invocation: int = 550
    access_log_bytes_per_request: int = 290
    queue_requests_per_message: int = 3


PRICES: Final = Prices()
ASSUMED: Final = Assumed()
