"""What people and machines get to see of the work: logs and alerts."""
