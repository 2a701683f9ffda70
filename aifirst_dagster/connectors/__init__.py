"""Bytes in and out, no opinions: one module per format, and `read` over all of them."""

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions, ReadTable, read, registered
from aifirst_dagster.connectors.files import content_hash, expand

__all__ = ["Connector", "Part", "ReadOptions", "ReadTable", "content_hash", "expand", "read", "registered"]
