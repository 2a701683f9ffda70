"""The one path that every call takes: budget -> retry -> provider -> validation -> ledger; each stage a module."""
