"""The CDK application: stacks, constructs, alarms and dashboards."""
