"""Pipelines as files: YAML in, frozen specs out, and everything that reads or writes such files."""
