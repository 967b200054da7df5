"""What stands around every route: access, keys, limits, problems, logs, metrics, traces."""
