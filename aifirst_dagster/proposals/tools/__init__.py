"""What a model may use to look into a step's data: read-only, bounded, masked as all evidence is."""
