"""The commands: flask posts, flask site."""
