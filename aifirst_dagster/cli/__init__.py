"""The `aifirst` command: one module per sub-command."""
