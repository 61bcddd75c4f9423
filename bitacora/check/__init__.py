"""What is worth telling an editor."""
