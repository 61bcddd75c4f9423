"""Speed and memory of the blog, measured beside a Flask hello world: `python -m bench`."""
