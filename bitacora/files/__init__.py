"""Disk to bytes: reading below one folder, and what changed. Knows no post."""
