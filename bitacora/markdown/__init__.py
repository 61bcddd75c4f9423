"""Text to HTML. Knows no file and no post."""
