"""The web ACL of the API: blocks addresses over the request rate and known attack patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infra import names

if TYPE_CHECKING:
    from aws_cdk import aws_apigateway as apigateway

RATE_WINDOW_SECONDS: Final = 300
# AWS's common rule set is left out: it refuses bodies over 8 kB, and texts that look like HTML or a path.
MANAGED_RULES: Final = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")


class WebAcl(Construct):
    """Allow every request that no rule blocks. No request is sampled: a sample would contain its token."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage_name: str, api: apigateway.Stage, rate: int
    ) -> None:
        super().__init__(scope, construct_id)
        acl = wafv2.CfnWebACL(
            self,
            "Acl",
            name=names.physical_name(stage_name, "api"),
            description=f"Web ACL of the API, stage {stage_name}",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow=wafv2.CfnWebACL.AllowActionProperty()),
            visibility_config=_visibility("web-acl"),
            rules=[_rate_rule(rate), *map(_managed_rule, range(1, len(MANAGED_RULES) + 1), MANAGED_RULES)],
        )
        wafv2.CfnWebACLAssociation(self, "Association", resource_arn=api.stage_arn, web_acl_arn=acl.attr_arn)


def _rate_rule(rate: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name="rate-per-address",
        priority=0,
        action=wafv2.CfnWebACL.RuleActionProperty(block=wafv2.CfnWebACL.BlockActionProperty()),
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP", limit=rate, evaluation_window_sec=RATE_WINDOW_SECONDS
            )
        ),
        visibility_config=_visibility("rate-per-address"),
    )


def _managed_rule(priority: int, name: str) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS", name=name
            )
        ),
        visibility_config=_visibility(name),
    )


def _visibility(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
