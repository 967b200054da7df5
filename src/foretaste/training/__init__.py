"""A workspace's behaviour in; a model version, or figures of how good one is, out."""
