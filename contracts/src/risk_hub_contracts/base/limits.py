"""Every limit of the contract: one name, one unit, one place.

A value that passes a limit is accepted *at* the limit and refused one past it. `served_limits` is what
`GET /risk-hub/contract` answers, so that no producer needs a copy of these numbers.
"""

from typing import Any, Final

# Size of a request
BODY_MAX_BYTES: Final = 1_048_576
JSON_MAX_DEPTH: Final = 32
ID_MAX_CHARS: Final = 128
ASSET_ID_MAX_CHARS: Final = 128
NAME_MAX_CHARS: Final = 128
ACTOR_MAX_CHARS: Final = 128
STAGE_MAX_CHARS: Final = 32
CORRELATION_ID_MAX_CHARS: Final = 128
TOKEN_MAX_BYTES: Final = 4_096
CURSOR_MAX_CHARS: Final = 1_024
INSTANT_MAX_CHARS: Final = 35

# Numbers
WEIGHTS_MAX_COUNT: Final = 10_000
WEIGHT_SUM_TOLERANCE: Final = 1e-3
WEIGHT_MAX_ABS: Final = 1e6
# Sum of the weights' magnitudes, as a multiple of portfolio value; a deployment may set it per X-Stage.
GROSS_EXPOSURE_MAX_DEFAULT_RATIO: Final = 100.0
NUMBER_MAX_ABS: Final = 1e126
INTEGER_MAX_ABS: Final = 2**53 - 1
COVARIANCE_ASYMMETRY_MAX_RATIO: Final = 1e-12
CORRELATION_MAX_EXCESS: Final = 1e-9
# For realised returns and shocks. Fourth powers of larger returns overflow a float.
RETURN_MAX_ABS: Final = 1e6
RETURNS_SERIES_MAX_POINTS: Final = 200_000
RETURNS_TOTAL_MAX_POINTS: Final = 1_000_000
# The longest period is ten years: annualised numbers of longer periods have no meaning.
PERIODS_MIN_PER_YEAR: Final = 0.1
PERIODS_MAX_PER_YEAR: Final = 1e6
# Least return, and least shock, of an asset whose loss cannot exceed its value.
LIMITED_LOSS_RETURN_RATIO: Final = -1.0
# VaR and ES: 9900 basis points are 99 %.
CONFIDENCE_MIN_BPS: Final = 5_000
CONFIDENCE_MAX_BPS: Final = 9_999
CONFIDENCES_MAX_COUNT: Final = 5
# The greatest possible change of a correlation, absolute: from -1 to 1.
CORRELATION_CHANGE_MAX_ABS: Final = 2.0
# Default of the largest absolute change of one correlation by a repair: a larger one is more than rounding.
COVARIANCE_REPAIR_CHANGE_DEFAULT_ABS: Final = 0.05
# A repair needs every eigenvector, which is cubic in the number of assets.
COVARIANCE_REPAIR_ASSETS_MAX_COUNT: Final = 1_024

# Time
FUTURE_SKEW_MAX_SECONDS: Final = 300
AS_OF_MIN_YEAR: Final = 1990
TTL_DEFAULT_SECONDS: Final = 900
TTL_MIN_SECONDS: Final = 1
TTL_MAX_SECONDS: Final = 86_400
# Upper bound of the age limit that a producer sets for its returns or covariance: ten years.
INPUT_AGE_MAX_SECONDS: Final = 10 * 366 * 86_400
KNOWN_AT_SETTLE_SECONDS: Final = 15
# An evaluation begun before its snapshot's expiry is stored within this time: engine timeout and clock skew.
REPORT_SETTLE_SECONDS: Final = 120
# Retention of dead letters: until then, the announcement of a backfilled snapshot may still be processed.
BACKFILL_AWAITED_MAX_SECONDS: Final = 14 * 86_400

# Blobs, items, answers
INLINE_COV_THRESHOLD_DEFAULT_ENTRIES: Final = 100
# Returns of this size stay inline, whatever their number of points: one series of 500 float64 and its header.
INLINE_RETURNS_MAX_BYTES: Final = 4_096
BLOB_MAX_BYTES: Final = 536_870_912
BLOB_HEADER_MAX_BYTES: Final = 16_777_216
# The writer parses blob headers during the request: 4 MiB hold 10,000 ids or 200,000 dates.
BLOB_HEADERS_CHECKED_MAX_BYTES: Final = 4_194_304
BLOB_FIRST_READ_BYTES: Final = 131_072
BLOB_SINGLE_PUT_MAX_BYTES: Final = 104_857_600
BLOB_PART_BYTES: Final = 16_777_216
BLOB_PARTS_MAX_COUNT: Final = BLOB_MAX_BYTES // BLOB_PART_BYTES
UPLOAD_ID_MAX_CHARS: Final = 1_024
UPLOAD_URL_TTL_SECONDS: Final = 900
# A larger compressed document is stored in the bucket, where it costs less: an object costs as much as 8 write
# units of 1 KiB (ADR-0054).
ITEM_BODY_MAX_BYTES: Final = 8_192
RESPONSE_MAX_BYTES: Final = 5_000_000
DOWNLOAD_URL_TTL_SECONDS: Final = 300
LIST_LIMIT_MAX: Final = 100
LIST_LIMIT_DEFAULT: Final = 20
VIOLATIONS_MAX_COUNT: Final = 50
BACKTEST_FORECASTS_MAX_COUNT: Final = 5_000
# Each read takes about 10 ms, so that all of them end well before the reader's timeout.
BACKTEST_KEY_READS_MAX_COUNT: Final = 750
BACKTEST_POSITIONS_MAX_COUNT: Final = 2_000_000
# One page is at most 1 MB of stored forecasts.
BACKTEST_COUNT_PAGES_MAX_COUNT: Final = 30

# History: snapshots that were moved out of the table
SEGMENT_MAX_BYTES: Final = 1_048_576
SEGMENT_MAX_COUNT: Final = 2_000
# Age of `as_of` below which a snapshot is never in history.
HOT_MIN_SECONDS: Final = 900
# Assumed maximum difference between the clocks of two functions.
CLOCK_SKEW_MAX_SECONDS: Final = 60

# Storage of one world: DynamoDB's limit of the items with one partition key and their local index entries, the share
# that the world's newest snapshots may use, and 60 % of that share.
ITEM_COLLECTION_MAX_GIGABYTES: Final = 10
HOT_WINDOW_MAX_GIGABYTES: Final = 0.25 * ITEM_COLLECTION_MAX_GIGABYTES
WORLD_SIZE_ALARM_GIGABYTES: Final = 0.6 * HOT_WINDOW_MAX_GIGABYTES

# Registered worlds
# An expectation or exit policy, as JSON text; a row of DynamoDB has at most 400 kB.
REGISTRATION_MAX_BYTES: Final = 300_000
WARN_DEFAULT_SECONDS: Final = 600
CRITICAL_DEFAULT_SECONDS: Final = 1_800
LAG_MAX_SECONDS: Final = 31 * 86_400
QUIET_HOURS_MAX_COUNT: Final = 8
WORLDS_PAGE_MAX_COUNT: Final = 100
PER_WORLD_METRICS_MAX_COUNT: Final = 50
METERED_WORLDS_CACHE_MAX_AGE_SECONDS: Final = 300

# Evaluation: strategies of one evaluation, metrics of one strategy, and policies
EVALUATED_STRATEGIES_MAX_COUNT: Final = 1_000
METRIC_BLOCKS_MAX_COUNT: Final = 32
# Levels of names below a block: `stress.<scenario>.<metric>` has two.
METRIC_TREE_MAX_DEPTH: Final = 6
METRICS_MAX_COUNT: Final = 1_000
# A policy, as canonical JSON; a row of DynamoDB has at most 400 kB.
EVALUATION_POLICY_MAX_BYTES: Final = 262_144
POLICY_PROFILES_MAX_COUNT: Final = 16
RULES_PER_PROFILE_MAX_COUNT: Final = 200
RULE_TAGS_MAX_COUNT: Final = 16
DESCRIPTION_MAX_CHARS: Final = 1_000
REASON_MAX_CHARS: Final = 1_000
APPROVERS_MAX_COUNT: Final = 32

# Evaluation runs: an item of a chain as canonical JSON, before compression; a row of DynamoDB has at most 400 kB.
RUN_ITEM_MAX_BYTES: Final = 262_144
RUN_ITEMS_MAX_COUNT: Final = 1_000
RUN_NOTE_MAX_CHARS: Final = 4_000
# A page of a history ends before its items exceed this size; Lambda answers with at most 6 MB.
RUN_HISTORY_PAGE_MAX_BYTES: Final = 4_000_000

# Events and tokens
EVENT_ENTRY_MAX_BYTES: Final = 262_144
EVENT_BATCH_MAX_ENTRIES: Final = 10
QUEUE_RECEIVES_MAX_COUNT: Final = 5
TOKEN_CACHE_MAX_AGE_SECONDS: Final = 60
TOKENS_MAX_COUNT: Final = 100
# The limit of Secrets Manager: 100 tokens of 655 bytes each, or fewer and longer ones.
TOKENS_SECRET_MAX_BYTES: Final = 65_536
TOKEN_ACTORS_MAX_COUNT: Final = 16
TOKEN_LIFETIME_DEFAULT_SECONDS: Final = 90 * 86_400
TOKEN_LIFETIME_MAX_SECONDS: Final = 365 * 86_400


def served_limits(
    inline_cov_threshold: int = INLINE_COV_THRESHOLD_DEFAULT_ENTRIES,
    *,
    offload: bool = True,
) -> dict[str, Any]:
    """Return the limits that a client needs, as `GET /risk-hub/contract` serves them under `limits`.

    Args:
        inline_cov_threshold: matrix entries (or return points, or scenarios) above which the hub offloads;
            returns of at most `INLINE_RETURNS_MAX_BYTES` stay inline.
        offload: whether this deployment stage moves large components to the blob store at all.
    """
    return {
        "body_max_bytes": BODY_MAX_BYTES,
        "json_max_depth": JSON_MAX_DEPTH,
        "id_max_chars": ID_MAX_CHARS,
        "asset_id_max_chars": ASSET_ID_MAX_CHARS,
        "actor_max_chars": ACTOR_MAX_CHARS,
        "weights_max_count": WEIGHTS_MAX_COUNT,
        "weight_sum_tolerance": WEIGHT_SUM_TOLERANCE,
        "weight_max_abs": WEIGHT_MAX_ABS,
        "number_max_abs": NUMBER_MAX_ABS,
        "return_max_abs": RETURN_MAX_ABS,
        "integer_max_abs": INTEGER_MAX_ABS,
        "future_skew_max_seconds": FUTURE_SKEW_MAX_SECONDS,
        "as_of_min_year": AS_OF_MIN_YEAR,
        "ttl_default_seconds": TTL_DEFAULT_SECONDS,
        "ttl_max_seconds": TTL_MAX_SECONDS,
        "returns_series_max_points": RETURNS_SERIES_MAX_POINTS,
        "returns_total_max_points": RETURNS_TOTAL_MAX_POINTS,
        "periods_min_per_year": PERIODS_MIN_PER_YEAR,
        "periods_max_per_year": PERIODS_MAX_PER_YEAR,
        "input_age_max_seconds": INPUT_AGE_MAX_SECONDS,
        "confidence_min_bps": CONFIDENCE_MIN_BPS,
        "confidence_max_bps": CONFIDENCE_MAX_BPS,
        "confidences_max_count": CONFIDENCES_MAX_COUNT,
        "covariance_repair_change_default_abs": COVARIANCE_REPAIR_CHANGE_DEFAULT_ABS,
        "covariance_repair_assets_max_count": COVARIANCE_REPAIR_ASSETS_MAX_COUNT,
        "blob_max_bytes": BLOB_MAX_BYTES,
        "blob_headers_checked_max_bytes": BLOB_HEADERS_CHECKED_MAX_BYTES,
        "blob_single_put_max_bytes": BLOB_SINGLE_PUT_MAX_BYTES,
        "blob_part_bytes": BLOB_PART_BYTES,
        "response_max_bytes": RESPONSE_MAX_BYTES,
        "upload_url_ttl_seconds": UPLOAD_URL_TTL_SECONDS,
        "download_url_ttl_seconds": DOWNLOAD_URL_TTL_SECONDS,
        "known_at_settle_seconds": KNOWN_AT_SETTLE_SECONDS,
        "list_limit_max": LIST_LIMIT_MAX,
        "list_limit_default": LIST_LIMIT_DEFAULT,
        "backtest_forecasts_max_count": BACKTEST_FORECASTS_MAX_COUNT,
        "backtest_key_reads_max_count": BACKTEST_KEY_READS_MAX_COUNT,
        "backtest_positions_max_count": BACKTEST_POSITIONS_MAX_COUNT,
        "warn_default_seconds": WARN_DEFAULT_SECONDS,
        "critical_default_seconds": CRITICAL_DEFAULT_SECONDS,
        "lag_max_seconds": LAG_MAX_SECONDS,
        "quiet_hours_max_count": QUIET_HOURS_MAX_COUNT,
        "inline_returns_max_bytes": INLINE_RETURNS_MAX_BYTES,
        "inline_cov_threshold": inline_cov_threshold,
        "offload": offload,
    }
