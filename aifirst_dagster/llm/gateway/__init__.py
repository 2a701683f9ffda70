"""The one path that every call takes: cache, limits, budget, provider, validation, ledger; each stage a module."""
