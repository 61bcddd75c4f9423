"""Posts to HTTP."""
