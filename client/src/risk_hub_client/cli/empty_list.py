"""The hint under an empty list: the option to change, checked with the hub."""

from dataclasses import dataclass, replace

from risk_hub_client import RiskHubClient


@dataclass(frozen=True, slots=True)
class ListRequest:
    """The filters of a list of snapshots, as the command got them."""

    world: str
    start: str | None
    end: str | None
    stage: str | None
    actor: str | None
    known_at: str | None
    include_expired: bool

    def has_match(self, client: RiskHubClient) -> bool:
        """Return whether the hub has a snapshot that matches."""
        found = client.list(
            self.world,
            start=self.start,
            end=self.end,
            stage=self.stage,
            actor=self.actor,
            known_at=self.known_at,
            include_expired=self.include_expired,
        )
        return next(found, None) is not None


def hint(client: RiskHubClient, request: ListRequest) -> str:
    """Return what to change so that the list is not empty, as the end of a sentence."""
    with_expired = replace(request, include_expired=True)
    if not request.include_expired and with_expired.has_match(client):
        return "; --include-expired lists expired ones too"
    if request.known_at is not None and replace(with_expired, known_at=None).has_match(client):
        return f"; none was known at {request.known_at}: give a later --known-at, or leave it out"
    options = {
        "--from": request.start,
        "--to": request.end,
        "--stage": request.stage,
        "--actor": request.actor,
        "--known-at": request.known_at,
    }
    given = [option for option, value in options.items() if value is not None]
    return f"; change or leave out {', '.join(given)}" if given else ""
