"""Files to posts. Knows nothing of Flask, HTTP or templates."""
