"""gunicorn: the worker with a lane for stored pages."""
