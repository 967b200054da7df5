"""What answers while the world changes: the live model, its snapshots, and lists made from it."""
