"""Providers: what the wire looks like, nothing else; registered under the entry points `aifirst_dagster.providers`."""
