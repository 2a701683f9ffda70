"""Alerts become incidents that are opened, updated and resolved; messages wait in an outbox; people mute."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Replace the memory of sent alerts by incidents, messages and mutes."""
    schema = op.get_context().version_table_schema
    moment = sa.DateTime(timezone=True)
    op.drop_table("alerts", schema=schema)
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("alert", sa.JSON, nullable=False),
        sa.Column("occurrence", sa.Text, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("messages", sa.Integer, nullable=False),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.Column("sent_at", moment),
        sa.Column("resolved_at", moment),
        sa.Column("resolved_by", sa.Text),
        sa.Column("why", sa.Text),
        schema=schema,
    )
    open_ = sa.text("status = 'open'")
    op.create_index(
        "incidents_open", "incidents", ["key"], unique=True, schema=schema,
        sqlite_where=open_, postgresql_where=open_,
    )  # fmt: skip
    op.create_index("incidents_key", "incidents", ["key", "opened_at"], schema=schema)
    op.create_index("incidents_seen", "incidents", ["seen_at"], schema=schema)
    op.create_table(
        "alert_messages",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("channel", sa.String(20), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("incident", sa.String(12)),
        sa.Column("event", sa.String(10), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("not_before", moment, nullable=False),
        sa.Column("sent_at", moment),
        schema=schema,
    )
    op.create_index("alert_messages_due", "alert_messages", ["status", "channel", "number"], schema=schema)
    op.create_table(
        "alert_mutes",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("ended_at", moment),
        schema=schema,
    )
