"""The policies that runs name, verified against the hash that each run recorded."""

import hashlib
from dataclasses import dataclass, field

import orjson

from functions.evaluation.extended.judged_run import JudgedRun
from functions.evaluation.extended.outcomes import ExtendedRun, RunOutcome
from functions.evaluation.policies.policy_records import PolicyKey, PolicyRecord
from functions.evaluation.policies.ports import PolicyStore
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy, parse_policy
from risk_hub_contracts.runs.evaluation_run import EvaluationRun


@dataclass(frozen=True, slots=True)
class _Unusable:
    """Why a policy cannot judge a run."""

    outcome: RunOutcome
    detail: str


@dataclass(frozen=True, slots=True)
class RunPolicies:
    """Read each policy once for the runs of one event."""

    store: PolicyStore
    _read: dict[tuple[PolicyKey, str], EvaluationPolicy | _Unusable] = field(default_factory=dict)

    def judged(self, run: EvaluationRun) -> JudgedRun | ExtendedRun:
        """Return a run with its policy, or `policy_missing` or `policy_damaged`.

        A policy is damaged if its bytes are not those that judged the run.

        Raises:
            DependencyUnavailableError: the store did not answer.
        """
        key = PolicyKey(run.policy_id, run.policy_version)
        if (key, run.policy_hash) not in self._read:
            self._read[key, run.policy_hash] = _policy(key, run.policy_hash, self.store.get(key))
        found = self._read[key, run.policy_hash]
        if isinstance(found, _Unusable):
            return ExtendedRun(run.key, found.outcome, found.detail)
        return JudgedRun(run, found)


def _policy(key: PolicyKey, wanted: str, record: PolicyRecord | None) -> EvaluationPolicy | _Unusable:
    name = f"version {key.version!r} of policy {key.policy_id!r}"
    if record is None:
        return _Unusable(RunOutcome.POLICY_MISSING, f"{name} is not stored")
    found = f"sha256:{hashlib.sha256(record.document).hexdigest()}"
    if found != wanted:
        detail = f"{name} has the hash {found}; the run was judged by {wanted}"
        return _Unusable(RunOutcome.POLICY_DAMAGED, detail)
    try:
        return parse_policy(orjson.loads(record.document))
    except (ProblemError, orjson.JSONDecodeError) as error:
        return _Unusable(RunOutcome.POLICY_DAMAGED, f"{name} cannot be read: {error}")
