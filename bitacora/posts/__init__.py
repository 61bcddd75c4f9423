"""Bytes to posts: the head of a file, what it means, and who sees it. Knows no folder."""
