"""Bitácora: a blog served by Flask straight from Markdown files."""
