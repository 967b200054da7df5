"""The settings of a workspace: read, and those that belong to no stage."""
