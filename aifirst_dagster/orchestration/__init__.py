"""The only importer of Dagster: pipelines as assets, checks, schedules and sensors."""
