"""Adapters: the ports of the hub implemented on AWS. Only adapters import boto3."""
