"""Servers on loopback that speak other people's protocols as strictly as they do."""
