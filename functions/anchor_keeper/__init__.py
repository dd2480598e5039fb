"""Anchor the evaluation runs of each hour under Object Lock; verify runs against their anchors."""
