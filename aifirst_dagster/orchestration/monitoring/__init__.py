"""Degradation of datasets, judged against their own history, and told as incidents; see docs/monitoring.md."""
