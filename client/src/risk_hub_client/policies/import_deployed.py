"""Convert a policy of the deployed system to an evaluation policy, and name each deliberate difference."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from risk_hub_client.policies.deployed import (
    DeployedPolicy,
    DeployedProfile,
    LivePromotionConfig,
    PerformanceConfig,
)
from risk_hub_client.policies.differences import DIFFERENCES
from risk_hub_client.policies.rule_drafts import Drafts, Meta
from risk_hub_client.policies.sections import (
    add_cohort_sections,
    add_live,
    add_paper_shadow,
    add_profile,
    add_selection,
    selection_of,
)
from risk_hub_contracts.base.problems import REGISTRATION_INVALID, ProblemError, summary
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.policies.evaluation_policy import STAGES, EvaluationPolicy, Stage, parse_policy

__all__ = ["DEPLOYED_MEMBERS", "Imported", "import_deployed"]

DEPLOYED_MEMBERS: Final = frozenset(DeployedPolicy.model_fields)
REMEDY: Final = (
    "Correct every entry of `errors` in the document; the deployed system ignores unknown members."
)
_ALWAYS: Final = (
    "whole_document_is_hashed",
    "numbers_must_be_possible",
    "recommended_stage_follows_the_verdict",
    "every_limit_is_a_rule",
)
_STAGE_KEYS: Final[Mapping[Stage, tuple[str, ...]]] = {
    "backtest": ("backtest", "backtest_only"),
    "paper": ("paper", "paper_only"),
    "live": ("live", "live_only", "paper_ok_live_candidate"),
}
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_REPLACED_THRESHOLDS: Final[Mapping[str, tuple[str, str]]] = {
    "effective_history_years": ("sample", "min_effective_years"),
    "n_trades_total": ("sample", "min_trades_total"),
    "sharpe": ("performance", "sharpe_min"),
    "max_drawdown": ("performance", "max_dd_max"),
    "gain_to_pain_ratio": ("performance", "gain_to_pain_min"),
    "deflated_sharpe_ratio": ("robustness", "dsr_min"),
    "adv_utilization_p95": ("risk", "adv_utilization_p95_max"),
    "participation_rate_p95": ("risk", "participation_rate_p95_max"),
}
"""Names of thresholds that a limit of a profile replaces, by its section and member."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The policy, and the deliberate differences from the deployed system: a sentence by name."""

    policy: EvaluationPolicy
    differences: Mapping[str, str]


def import_deployed(document: object, *, policy_id: str, version: str, owner: str) -> Imported:
    """Return the evaluation policy that corresponds to a document of the deployed system.

    Args:
        document: the document as parsed from YAML or JSON.
        policy_id: the id of the new policy, which the document does not have.
        version: its version.
        owner: the owner of the rules whose section names none.

    Raises:
        ProblemError: registration-invalid; pointers refer to the document, or to the policy made from it.
    """
    try:
        deployed = DeployedPolicy.model_validate(document)
    except ValidationError as error:
        violations = to_violations(error, known=DeployedPolicy.model_fields)
        raise ProblemError(
            REGISTRATION_INVALID, summary(violations, "The document"), violations, remedy=REMEDY
        ) from None
    differences = set(_ALWAYS)
    made: dict[str, Any] = {
        "policy_id": policy_id,
        "version": version,
        "owner": owner,
        "on_missing": deployed.validation.on_missing_metric,
        "on_error": deployed.validation.on_error,
        **_stages_and_profiles(deployed, differences),
    }
    if deployed.governance is not None and deployed.governance.live_promotion is not None:
        made["governance"] = {"live_promotion": _live_promotion(deployed.governance.live_promotion)}
    if deployed.campaign is not None:
        differences.add("campaign_is_not_a_rule")
    named = {name: text for name, text in DIFFERENCES.items() if name in differences}
    return Imported(parse_policy(made), named)


def _stages_and_profiles(deployed: DeployedPolicy, differences: set[str]) -> dict[str, Any]:
    """Return the profile of each stage; stages with equal rules of one profile share it."""
    stages: dict[str, str] = {}
    profiles: dict[str, dict[str, Any]] = {}
    for stage in STAGES:
        chosen = _profile_of(deployed, stage)
        if chosen is None and deployed.validation_profiles:
            differences.add("stage_needs_a_profile")
            continue
        profile = DeployedProfile() if chosen is None else deployed.validation_profiles[chosen]
        rules = _rules_of_stage(deployed, profile, stage, differences)
        name = _profile_name(chosen or "default")
        if name in profiles and profiles[name] != {"rules": rules}:
            name = f"{name}_{stage}"
        stages[stage], profiles[name] = name, {"rules": rules}
    return {"stages": stages, "profiles": profiles}


def _profile_of(deployed: DeployedPolicy, stage: Stage) -> str | None:
    """Return the profile that the document names for a stage, or the one with the name of the stage."""
    named = {_normal_name(key): profile for key, profile in deployed.default_profile_by_stage.items()}
    known = {_normal_name(name): name for name in deployed.validation_profiles}
    wanted = [*(named.get(key) for key in _STAGE_KEYS[stage]), stage]
    return next((known[_normal_name(each)] for each in wanted if each and _normal_name(each) in known), None)


def _normal_name(name: str) -> str:
    return name.strip().lower().replace("-", "_")


def _profile_name(name: str) -> str:
    plain = re.sub(r"[^a-z0-9_-]+", "_", name.lower()).strip("_-")
    return plain[:48] if plain[:1].isalpha() else f"profile_{plain}"[:48]


def _rules_of_stage(
    deployed: DeployedPolicy, profile: DeployedProfile, stage: Stage, differences: set[str]
) -> dict[str, Any]:
    """Return all rules of one stage."""
    drafts = Drafts(differences)
    add_profile(drafts, profile)
    performance = profile.performance or PerformanceConfig()
    meta = Meta(performance.severity or "blocking", performance.owner)
    add_selection(drafts, selection_of(deployed), _replaced_thresholds(profile), meta)
    add_cohort_sections(drafts, deployed)
    section = deployed.paper_shadow_consistency
    if section is not None and stage in _paper_stages(section.stages, drafts):
        add_paper_shadow(drafts, section)
    if deployed.live_monitoring is not None and stage == "live":
        add_live(drafts, deployed.live_monitoring)
    return drafts.rules


def _replaced_thresholds(profile: DeployedProfile) -> frozenset[str]:
    """Return the names of thresholds that the limits of a profile replace."""
    return frozenset(
        name
        for name, (section, member) in _REPLACED_THRESHOLDS.items()
        if getattr(getattr(profile, section), member, None) is not None
    )


def _paper_stages(stages: tuple[str, ...], drafts: Drafts) -> set[str]:
    """Return the stages, by their names in the hub, of the section `paper_shadow_consistency`."""
    normal = {_normal_name(each) for each in stages}
    if "shadow" in normal:
        drafts.differs("shadow_is_paper")
    return {"paper" if each == "shadow" else each.removesuffix("_only") for each in normal}


def _live_promotion(section: LivePromotionConfig) -> dict[str, Any]:
    members: dict[str, Any] = section.model_dump(exclude_none=True, exclude={"mode", "cooldown"})
    if section.cooldown is not None:
        members["cool_down_seconds"] = int(section.cooldown[:-1]) * _SECONDS[section.cooldown[-1]]
    return {**members, "mode": "automatic" if section.mode == "auto_apply" else section.mode}
