"""The blog as a WSGI application: `gunicorn bitacora.wsgi:app`."""

from bitacora.factory import app_or_exit

app = app_or_exit()
