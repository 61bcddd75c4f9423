"""The blog of this checkout as a WSGI application: `gunicorn app:app`, `flask run`."""

from bitacora.factory import app_or_exit, create_app

__all__ = ["app", "create_app"]

app = app_or_exit()
