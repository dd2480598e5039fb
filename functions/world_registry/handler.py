"""Lambda entry point of world_registry."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from functions.entrypoints.http.authenticator import Authenticator
from functions.hub.adapters.aws import client
from functions.hub.adapters.dynamodb_registry import DynamoDBRegistry
from functions.hub.adapters.secret_tokens import SecretTokens
from functions.hub.use_cases.list_worlds import ListWorlds
from functions.hub.use_cases.register_worlds import RegisterWorlds
from functions.wiring import settings
from functions.world_registry.routes import world_registry

_registry = DynamoDBRegistry(client("dynamodb"), settings.worlds_table())
_tokens = SecretTokens(client("secretsmanager"), settings.tokens_secret_arn(), utc_now)
lambda_handler = world_registry(
    register=RegisterWorlds(registry=_registry, clock=utc_now),
    list_worlds=ListWorlds(registry=_registry, clock=utc_now),
    authenticator=Authenticator(_tokens, utc_now),
    stages=settings.stages(),
)
handler = lambda_handler  # the name in the templates; ADR-0027
