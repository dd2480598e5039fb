"""Lambda entry point of snapshot_reader."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from functions.entrypoints.http.authenticator import Authenticator
from functions.evaluation.backtest.backtest_risk import BacktestRisk
from functions.evaluation.exits.list_exit_signals import ListExitSignals
from functions.evaluation.read_reports import ReadReports
from functions.evaluation.store.dynamodb_forecasts import DynamoDBForecasts
from functions.evaluation.store.dynamodb_reports import DynamoDBReports
from functions.hub.adapters.aws import client
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
from functions.hub.adapters.s3_blobs import S3Blobs
from functions.hub.adapters.secret_tokens import SecretTokens
from functions.hub.domain.exposure import ExposureLimits
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.use_cases.expand_components import ExpandComponents
from functions.hub.use_cases.read_blob import ReadBlob
from functions.hub.use_cases.read_snapshots import ReadSnapshots
from functions.snapshot_reader.about import about_routes
from functions.snapshot_reader.backtest import backtest_route
from functions.snapshot_reader.blobs import blob_routes
from functions.snapshot_reader.history import history_routes
from functions.snapshot_reader.reports import report_routes
from functions.snapshot_reader.routes import snapshot_routes
from functions.wiring import settings
from functions.wiring.history import history_listing, whole_history

_s3, _dynamodb, _stages = client("s3"), client("dynamodb"), settings.stages()
_bodies = BodyStore(_s3, settings.bucket())
_blobs = S3Blobs(_s3, settings.bucket())
_hot = DynamoDBSnapshots(_dynamodb, settings.snapshots_table(), _bodies)
_snapshots = whole_history(_hot, utc_now)
_worlds = DynamoDBWorlds(_dynamodb, settings.worlds_table())
_reports = DynamoDBReports(_dynamodb, settings.reports_table())
_forecasts = DynamoDBForecasts(_dynamodb, settings.reports_table(), _bodies)
_tokens = SecretTokens(client("secretsmanager"), settings.tokens_secret_arn(), utc_now)
_authenticator = Authenticator(_tokens, utc_now)

_read = ReadSnapshots(snapshots=_snapshots, worlds=_worlds, clock=utc_now)
_read_reports = ReadReports(reports=_reports, snapshots=_snapshots, worlds=_worlds, clock=utc_now)
_list_signals = ListExitSignals(signals=_reports)
_backtest = BacktestRisk(forecasts=_forecasts, worlds=_worlds, snapshots=_snapshots)
_offload = OffloadPolicy(settings.offload_enabled(), settings.inline_threshold_entries())
_exposure = ExposureLimits.parse(settings.gross_exposure_max())

# A path is compared with the routes in this order.
_router = snapshot_routes(_read, ExpandComponents(blobs=_blobs), _authenticator, _stages)
report_routes(_router, _read, _read_reports, _list_signals, _authenticator)
backtest_route(_router, _backtest, _authenticator)
blob_routes(_router, ReadBlob(blobs=_blobs, clock=utc_now), _authenticator)
if (_list_history := history_listing(_hot, utc_now)) is not None:
    history_routes(_router, _list_history, _authenticator)
lambda_handler = about_routes(_router, _authenticator, _stages, _offload, _exposure)
handler = lambda_handler  # the name in the templates; ADR-0027
