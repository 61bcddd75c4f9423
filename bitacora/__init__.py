"""Bitácora: a blog served by Flask straight from Markdown files."""

from bitacora.share import networks as networks  # which hands their names down, to those who may not ask it
