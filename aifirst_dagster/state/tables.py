"""The tables of the state database, as the code sees them; `migrations/` holds how they came to be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

SCHEMA = "aifirst"


class UtcTime(TypeDecorator[datetime]):
    """A moment: aware and in UTC on both sides, though SQLite keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """In UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(schema=SCHEMA)

llm_calls = Table(
    "llm_calls",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("call_id", String(36), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("run_id", String(200), nullable=False),
    Column("backfill", String(200)),
    Column("pipeline", Text),
    Column("step", Text),
    Column("task", Text),
    Column("resource", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("key", String(64)),
    Column("status", String(10), nullable=False),
    Column("failure", String(20)),
    Column("error", Text),
    Column("reserved_usd", Float, nullable=False),
    Column("estimated_usd", Float),
    Column("cost_usd", Float),
    Column("batch_id", String(32)),
    Column("input_tokens", BigInteger, nullable=False, default=0),
    Column("cached_input_tokens", BigInteger, nullable=False, default=0),
    Column("cache_write_tokens", BigInteger, nullable=False, default=0),
    Column("output_tokens", BigInteger, nullable=False, default=0),
    Column("stop_reason", Text),
    Column("request_id", Text),
    Column("answer", Text),
    Column("thinking", Text),
    Column("content", Text),
    Column("owner", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Index("llm_calls_key", "key", "status"),
    # Covering: what is spent is summed without a look at the rows, which hold whole answers.
    Index("llm_calls_call", "call_id", "cost_usd", "reserved_usd"),
    Index("llm_calls_run", "run_id", "cost_usd", "reserved_usd"),
    Index("llm_calls_backfill", "backfill", "cost_usd", "reserved_usd"),
    Index("llm_calls_pipeline", "pipeline", "cost_usd", "reserved_usd"),
    Index("llm_calls_started", "started_at", "cost_usd", "reserved_usd"),
    Index("llm_calls_status", "status"),
)

llm_batches = Table(
    "llm_batches",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("resource", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("provider_id", Text),
    Column("state", String(10), nullable=False),
    Column("requests", Integer, nullable=False),
    Column("error", Text),
    Column("owner", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("seen_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Index("llm_batches_state", "state"),
)

llm_batch_requests = Table(
    "llm_batch_requests",
    metadata,
    Column("batch_id", String(32), primary_key=True),
    Column("custom_id", String(64), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("row_id", String(36)),
    Index("llm_batch_requests_key", "key"),
)

files = Table(
    "files",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pipeline", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime", Float, nullable=False),
    Column("content_hash", String(128), nullable=False),
    Column("run_id", Text),
    Column("status", String(20), nullable=False),
    Column("rows", BigInteger),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("pipeline", "step", "path", "content_hash", name="files_once"),
)

profiles = Table(
    "profiles",
    metadata,
    Column("asset", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("profile", JSON, nullable=False),
    Column("run_id", Text),
    Column("at", UtcTime, nullable=False),
)

profile_history = Table(
    "profile_history",
    metadata,
    Column("asset", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("version", String(80), primary_key=True),
    Column("baseline", String(80), nullable=False),
    Column("content", String(80), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("drifted", Boolean),
    Column("normal", Boolean, nullable=False),
    Column("data_of", UtcTime, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("sketch", LargeBinary, nullable=False),
    Index("profile_history_asset", "asset", "baseline", "data_of"),
)

design_history = Table(
    "design_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pipeline", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("content", Text, nullable=False),
    Column("provenance", JSON, nullable=False),
    Column("run_id", Text),
    Column("at", UtcTime, nullable=False),
    Index("design_history_step", "pipeline", "step", "file"),
)

quarantine_actions = Table(
    "quarantine_actions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pipeline", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("partition", Text, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("action", String(20), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("actor", Text, nullable=False),
    Column("run_id", Text),
    Column("at", UtcTime, nullable=False),
    Index("quarantine_actions_step", "pipeline", "step", "partition"),
)

transcripts = Table(
    "transcripts",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("pipeline", Text),
    Column("step", Text),
    Column("task", Text),
    Column("run_id", Text),
    Column("model", Text),
    Column("ended", String(20), nullable=False),
    Column("turns", Integer, nullable=False),
    Column("cost_usd", Float, nullable=False),
    Column("content", JSON, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("transcripts_at", "at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("key", String(200), nullable=False),
    Column("status", String(10), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("dataset", Text, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("title", Text, nullable=False),
    Column("alert", JSON, nullable=False),
    Column("occurrence", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("resolved_at", UtcTime),
    Column("resolved_by", Text),
    Column("why", Text),
    # At most one incident of a key is open.
    Index(
        "incidents_open", "key", unique=True, sqlite_where=text("status = 'open'"),
        postgresql_where=text("status = 'open'"),
    ),
    Index("incidents_key", "key", "opened_at"),
    Index("incidents_seen", "seen_at"),
)  # fmt: skip

alert_messages = Table(
    "alert_messages",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("incident", String(12)),
    Column("event", String(10), nullable=False),
    Column("content", JSON, nullable=False),
    Column("status", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Index("alert_messages_due", "status", "channel", "number"),
)

alert_mutes = Table(
    "alert_mutes",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("pattern", Text, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)

measures = Table(
    "measures",
    metadata,
    Column("pipeline", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("version", String(40), primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("rows_in", BigInteger, nullable=False),
    Column("rows_out", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("score", Float),
    Column("dimensions", JSON, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("drifted", Boolean),
    Column("drift", Text, nullable=False),
    Column("cost_usd", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Index("measures_made", "made_at"),
)
