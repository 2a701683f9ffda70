"""Messy files in, a dataset that can be trusted out, in Dagster."""
