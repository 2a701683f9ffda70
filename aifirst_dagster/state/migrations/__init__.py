"""How the state database came to be: one file a version, applied by `state.schema`."""
