"""Posts to how their links look elsewhere."""
