"""What grows is kept for so long, and then goes: dataset versions, runs, records; see docs/monitoring.md."""

from aifirst_dagster.orchestration.retention.purge import Gone, Purged, purge
from aifirst_dagster.orchestration.retention.settings import FILE, Retention, retention

__all__ = ["FILE", "Gone", "Purged", "Retention", "purge", "retention"]
