"""The first tables: ledger, files, profiles, design history, quarantine actions, alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    schema = op.get_context().version_table_schema
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "llm_calls",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("call_id", sa.String(36), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("run_id", sa.String(200), nullable=False),
        sa.Column("pipeline", sa.Text),
        sa.Column("step", sa.Text),
        sa.Column("task", sa.Text),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("failure", sa.String(20)),
        sa.Column("error", sa.Text),
        sa.Column("reserved_usd", sa.Float, nullable=False),
        sa.Column("cost_usd", sa.Float),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("cached_input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("stop_reason", sa.Text),
        sa.Column("request_id", sa.Text),
        sa.Column("answer", sa.Text),
        sa.Column("thinking", sa.Text),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("finished_at", moment),
        schema=schema,
    )
    op.create_index("llm_calls_run", "llm_calls", ["run_id"], schema=schema)
    op.create_index("llm_calls_started", "llm_calls", ["started_at"], schema=schema)
    op.create_index("llm_calls_status", "llm_calls", ["status"], schema=schema)
    op.create_table(
        "files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime", sa.Float, nullable=False),
        sa.Column("content_hash", sa.String(128), nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("rows", sa.BigInteger),
        sa.Column("at", moment, nullable=False),
        sa.UniqueConstraint("pipeline", "step", "path", "content_hash", name="files_once"),
        schema=schema,
    )
    op.create_table(
        "profiles",
        sa.Column("asset", sa.Text, primary_key=True),
        sa.Column("partition", sa.Text, primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("profile", sa.JSON, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("at", moment, nullable=False),
        schema=schema,
    )
    op.create_table(
        "design_history",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("provenance", sa.JSON, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("at", moment, nullable=False),
        schema=schema,
    )
    op.create_index("design_history_step", "design_history", ["pipeline", "step", "file"], schema=schema)
    op.create_table(
        "quarantine_actions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("partition", sa.Text, nullable=False),
        sa.Column("entry_id", sa.Text, nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("at", moment, nullable=False),
        schema=schema,
    )
    op.create_index("quarantine_actions_step", "quarantine_actions", ["pipeline", "step", "partition"], schema=schema)
    op.create_table(
        "alerts",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("first_at", moment, nullable=False),
        sa.Column("sent_at", moment, nullable=False),
        schema=schema,
    )
