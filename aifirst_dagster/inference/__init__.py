"""The deterministic intelligence: dialects, types, formats, meanings, keys, profiles."""
