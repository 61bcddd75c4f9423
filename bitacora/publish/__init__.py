"""Git to posts: what was pushed is checked, written out whole, and served at once."""
