"""What forges call when somebody pushed."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import RequestEntityTooLarge

from bitacora.publish.background import pull
from bitacora.publish.deliveries import Deliveries
from bitacora.publish.home import Home
from bitacora.publish.webhook import MOST_BYTES, PayloadError, SignatureError, pushed, signed_call
from bitacora.web.blog import blog
from bitacora.web.headers import NO_STORE

log = logging.getLogger(__name__)

hooks = Blueprint("hooks", __name__)


@hooks.route("/hooks/push", methods=["GET", "POST"])
def push() -> Response:
    """202 when the published branch is fetched, 200 when there is nothing to do; forges show the sentence.

    A call that came before is answered by 200 as well: forges switch webhooks off that they take for failing.
    """
    home, secret = blog().home, blog().operator.hook_secret.encode()
    if home is None or not secret:
        abort(404)
    if request.method != "POST":
        answer = _plain("Forges send a POST to this address when somebody pushes; there is nothing to read.", 405)
        answer.allow.add("POST")
        return answer
    request.max_content_length = MOST_BYTES
    try:
        return _answer(home, request.get_data(), secret)
    except RequestEntityTooLarge:
        return _plain(f"It has more than {MOST_BYTES // 1024} KiB.", 413)
    except SignatureError as reason:
        return _plain(str(reason), 403)
    except PayloadError as reason:
        return _plain(str(reason), 400)
    except OSError as error:
        log.error("a push cannot be published: %s", error)
        return _plain("It cannot be published now: the log of the server says why.", 503)


def _answer(home: Home, body: bytes, secret: bytes) -> Response:
    now = blog().clock()
    call = signed_call(request.headers.get, body, secret, now)
    branch = home.branch()
    if call.kind == "ping":
        return _plain(f"Well set up: pushes to {branch} will be published.")
    if call.kind != "push":
        return _plain("Nothing to do: this is no push.")
    if branch not in pushed(body):
        return _plain(f"Nothing to do: it brings nothing to {branch}, which is what is published.")
    with Deliveries(home.deliveries).new(call.mark, now) as is_new:
        if not is_new:
            return _plain("Nothing to do: this came before. On the server, flask site pull fetches at any time.")
        is_first = pull(home)
    return _plain(f"{branch} is being published." if is_first else f"{branch} is published next.", 202)


def _plain(sentence: str, code: int = 200) -> Response:
    return Response(f"{sentence}\n", code, {"Cache-Control": NO_STORE}, mimetype="text/plain")
