"""gunicorn's threaded worker, with a lane in front of its threads: stored pages are answered by the event loop.

The loop reads the heads of requests without waiting. A plain one for a page that is stored and current is answered
with one system call; every other, and whatever is not certain to be plain and whole, goes to gunicorn's own path
as it came, byte for byte. So no thread is held by a client that is slow to ask or slow to read.

Whether something changed on disk is asked once for all requests that the loop finds waiting, after it has read
them: what was saved before any of them was sent is seen.

gunicorn's master imports this module, and a worker once more: so it imports nothing of the blog at first.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import sys
import time
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from types import FrameType
from typing import TYPE_CHECKING, Any

from gunicorn import util
from gunicorn.http import get_parser, wsgi
from gunicorn.http.errors import ParseException
from gunicorn.http.message import DEFAULT_MAX_HEADERFIELD_SIZE, MAX_HEADERS, MAX_REQUEST_LINE
from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import DEFAULT_WORKER_DATA_TIMEOUT, TConn, ThreadWorker

from bitacora.server.reloads import is_followed_later

if TYPE_CHECKING:
    from bitacora.library.snapshot import Snapshot
    from bitacora.web.page_cache import Answer, PageCache


_END = b"\r\n\r\n"
_READ_BYTES = 8_192
_MOST_HEAD_BYTES = 64 * 1024
_SEND_BYTES = 256 * 1024
_LINGER_S = 2.0
_LINGER_BYTES = 64 * 1024
_SKIP_BYTES = 1024
_HEARTBEAT_S = 1.0
_NO_ROOM_S = 0.01
_LOAD_AGAIN_S = 5.0
_BARE_LF = re.compile(rb"(?<!\r)\n")
_REQUEST_LINE = re.compile(rb"[A-Z0-9!$%&'*+.^_`|~-]{3,20} [!-~]+ HTTP/1\.[0-9]\r\n")
"""Each that gunicorn waits for the rest of a head behind (RFC 9112, 3)."""
_LOST = {
    errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH,
    errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.EHOSTDOWN, errno.ETIMEDOUT,
}  # fmt: skip
"""What became of a connection before it was accepted, which says nothing of the next one (accept(2))."""
_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Connection(TConn):  # type: ignore[misc]
    """`unread` is what came of the next head so far, `unsent` what is left of an answer to a slow reader."""

    parser: Any

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.queue: Queue | None = None
        self.unread = bytearray()
        self.unsent = memoryview(b"")
        self.keeps_alive = True
        self.lingered = 0

    def init(self) -> None:
        """Called by a thread, which waits for no client for longer than gunicorn's `timeout`."""
        super().init()
        self.sock.settimeout(self.cfg.timeout or None)

    def hand_over(self, head: bytes) -> None:
        """Make gunicorn's parser begin with these bytes."""
        if self.parser is None:
            self.parser = get_parser(self.cfg, self.sock, self.client)
            self.initialized = True
        self.parser.unreader.unread(head)


class Queue:
    """Connections that wait, the first to time out in front. In gunicorn's deque each must be searched for."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._connections: OrderedDict[Connection, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._connections)

    def __getitem__(self, index: int) -> Connection:
        assert index == 0
        return next(iter(self._connections))

    def append(self, conn: Connection) -> None:
        """Put a connection at the end, wherever it was, and let its patience begin."""
        if conn.queue is self:
            self._connections.move_to_end(conn)
        else:
            if conn.queue is not None:
                conn.queue.remove(conn)
            conn.queue = self
            self._connections[conn] = None
        conn.timeout = time.monotonic() + self.patience

    def remove(self, conn: Connection) -> None:
        del self._connections[conn]
        conn.queue = None

    def popleft(self) -> Connection:
        conn = self[0]
        self.remove(conn)
        return conn

    def expired(self) -> Iterator[Connection]:
        now = time.monotonic()
        while self and self[0].timeout <= now:
            yield self.popleft()


class HotLaneWorker(ThreadWorker):  # type: ignore[misc]
    """Under TLS, the PROXY protocol, HTTP/2 or uWSGI's protocol, and with request hooks, it is its base alone."""

    wsgi: Any
    alive: bool

    is_hot = False
    reloads: memoryview | None = None
    """The counters of `bitacora.server.reloads`, set by the hooks; None where gunicorn has other settings."""
    reload = 0
    _beat_at = 0.0
    _is_told_to_end = False

    def load_wsgi(self) -> None:
        self._load()
        self._lingering = Queue(_LINGER_S)
        cfg = self.cfg
        blog = getattr(self.wsgi, "extensions", {}).get("bitacora")
        if blog is None or not _is_plain(cfg):
            return
        from bitacora.server.request_head import reader

        self.is_hot = True
        self.keepalived_conns = Queue(cfg.keepalive)
        patience = max(cfg.keepalive, DEFAULT_WORKER_DATA_TIMEOUT)  # keepalive may be 0, and is for the idle alone
        self._asking = Queue(patience)
        self._sending = Queue(patience)
        self._asked: list[tuple[Connection, bytes]] = []
        self._second = 0
        self._starts: dict[tuple[int, str, bool, str], bytes] = {}
        self._page_cache: PageCache = blog.page_cache
        self._metrics = blog.metrics
        self._logs_access = self.log.access_log_enabled
        self._keeps_alive = cfg.keepalive > 0  # gunicorn's settings look themselves up at each use
        self._most_line = (min(cfg.limit_request_line, MAX_REQUEST_LINE) or _READ_BYTES) + len(b"\r\n")
        field_bytes = cfg.limit_request_field_size or DEFAULT_MAX_HEADERFIELD_SIZE
        self._most_fields = (cfg.limit_request_fields or MAX_HEADERS) * (field_bytes + 2) + 4
        self._read_head = reader(
            cfg.limit_request_line,
            cfg.limit_request_fields,
            cfg.limit_request_field_size,
            cfg.secure_scheme_headers,
        )

    def _load(self) -> None:
        """What stops a start must not stop those who serve, where another worker follows them.

        Gunicorn stops all where one ends with what `app.py` ends with, or after another fault does itself, and
        systemd does not start it again. Where two end so at once, gunicorn itself ends with another status.
        """
        try:
            super().load_wsgi()
        except SystemExit as end:
            if self.age == 1 or not end.code:  # with 0 it was told to end
                raise
        except Exception:
            if self.age == 1:
                raise
            self.log.exception("Exception in worker process")
        else:
            return
        again_at = time.monotonic() + _LOAD_AGAIN_S
        while self.alive and time.monotonic() < again_at:
            self.notify()
            time.sleep(0.1)
        if self.alive:
            self.log.error("The blog could not be loaded, and is tried again")
        sys.exit(int(self.alive))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Told to end by the master, which after SIGHUP does so before one of those that follow can serve."""
        self._is_told_to_end = True
        if not self._is_needed():
            super().handle_exit(sig, frame)

    def _is_needed(self) -> bool:
        return self.reloads is not None and is_followed_later(self.reload, self.reloads)

    def notify(self) -> None:
        """A heartbeat is a system call; the master counts in seconds."""
        now = time.monotonic()
        if now >= self._beat_at:
            self._beat_at = now + _HEARTBEAT_S
            super().notify()
            if self._is_told_to_end and not self._is_needed():
                super().handle_exit(signal.SIGTERM, None)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(timeout)
        if not self.is_hot:
            return
        self._metrics.connections_are(self.nr_conns)
        while self._asked:
            asked, self._asked = self._asked, []
            snapshot = self._current()
            for conn, head in asked:
                if conn.queue is not None:  # it made no room
                    self._take(conn, head, snapshot)
        if self.nr_conns >= self.worker_connections and self.keepalived_conns:  # none was idle when they came
            self._close(self.keepalived_conns[0])

    def _current(self) -> Snapshot | None:
        try:
            return self._page_cache.current()
        except Exception:
            self.log.exception("The hot lane cannot tell what is current")
            return None  # gunicorn's path meets the same fault, and answers for one request

    # --- connections

    def accept(self, listener: socket.socket) -> None:
        if not self.is_hot:
            super().accept(listener)
            return
        try:
            client, address = listener.accept()
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno in _LOST:
                return
            if error.errno not in _NO_ROOM:
                raise
            self.log.warning("a connection cannot be accepted: %s", error.strerror)
            if not self._makes_room():
                time.sleep(_NO_ROOM_S)  # threads hold them all
            return
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:  # or gunicorn would accept nobody until one goes by itself
            self._makes_room()
        self._metrics.accepted()
        conn = Connection(self.cfg, client, address, listener.getsockname())
        self._listen(conn, self._asking)
        self._on_readable(conn, client)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        """Whether another request may come: called by a thread, which waits for no body that nobody wants.

        gunicorn would wait up to five seconds for its end. What has come of it already is skipped.
        """
        if not keepalive:
            return False
        conn.sock.setblocking(False)
        body = conn.parser.mesg.body
        try:
            return not getattr(body, "failed", False) and any(
                not body.read(_SKIP_BYTES) for _ in range(_LINGER_BYTES // _SKIP_BYTES)
            )
        except (OSError, ParseException):  # the rest is not there yet, or is no body
            return False

    def finish_request(self, conn: Connection, future: Future[Any]) -> None:
        """gunicorn's path is through with a request: called by the loop."""
        if not self.is_hot:
            if future.cancelled() or future.exception() or future.result():
                super().finish_request(conn, future)
            else:  # gunicorn would wait for the client here, and all others with it
                conn.queue, conn.lingered = None, 0
                self._linger(conn)
            return
        try:
            keeps_alive = not future.cancelled() and future.result()
        except Exception:
            self.log.exception("Error in a worker thread")
            keeps_alive = False
        if not keeps_alive:
            self._linger(conn)
            return
        conn.sock.setblocking(False)
        conn.unread += conn.parser.unreader.take_buffered()
        self._listen(conn, self.keepalived_conns)
        if conn.unread:
            self._proceed(conn)

    def murder_pending(self) -> None:
        super().murder_pending()
        for queue in (self._asking, self._sending, self._lingering) if self.is_hot else (self._lingering,):
            for conn in queue.expired():
                self._close(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(deadline)
        if self.is_hot:
            for conn in self._asking:
                conn.timeout = min(conn.timeout, deadline)

    def _listen(self, conn: Connection, queue: Queue) -> None:
        self.poller.register(conn.sock, EVENT_READ, partial(self._on_readable, conn))
        self._await(conn, queue)

    def _await(self, conn: Connection, queue: Queue) -> None:
        """Wait for a head, on an idle connection or for its rest. Its bytes do not begin the wait anew."""
        queue.append(conn)
        if not self.alive:
            self._cap_keepalive(time.monotonic() + _LINGER_S)

    def _linger(self, conn: Connection) -> None:
        """Half-close: what the client still sends must not reset what it has yet to read (RFC 9112, 9.6)."""
        try:
            conn.sock.setblocking(False)  # gunicorn closes it itself after half an answer
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, EVENT_READ, partial(self._on_lingering, conn))
        except OSError:
            self._close(conn)
            return
        self._lingering.append(conn)

    def _on_lingering(self, conn: Connection, sock: socket.socket) -> None:
        data = _received(sock)
        if data is None or conn.queue is None:  # it made room in this very round
            return
        conn.lingered += len(data)
        if not data or conn.lingered > _LINGER_BYTES:
            self._close(conn)

    def _unregister(self, conn: Connection) -> None:
        with suppress(KeyError, ValueError, OSError):  # it is not there, or closed
            self.poller.unregister(conn.sock)
        if conn.queue is not None:
            conn.queue.remove(conn)

    def _close(self, conn: Connection) -> None:
        self._unregister(conn)
        self.nr_conns -= 1
        conn.close()

    def _makes_room(self) -> bool:
        """Close whichever connection has been idle for longest, or else moved nothing; False when none is."""
        idle = self.keepalived_conns or self._asking or self._lingering or self._sending
        if idle:
            self._close(idle[0])
        return bool(idle)

    # --- requests

    def _on_readable(self, conn: Connection, sock: socket.socket) -> None:
        data = _received(sock)
        if data is None or conn.queue is None:  # it made room in this very round
            return
        if not data:
            self._hand_over(conn, b"") if conn.unread else self._close(conn)
        elif not conn.unread and data.endswith(_END) and data.find(_END) == len(data) - len(_END):
            self._asked.append((conn, data))
        else:
            conn.unread += data
            self._proceed(conn, len(conn.unread) - len(data))

    def _proceed(self, conn: Connection, searched: int = 0) -> None:
        """Take the next request of what has come; it has been searched up to there."""
        unread = conn.unread
        end = unread.find(_END, max(0, searched - len(_END)))
        if end >= 0:
            self._asked.append((conn, bytes(unread[: end + len(_END)])))
            del unread[: end + len(_END)]
        elif self._will_be_refused(unread, searched):
            self._hand_over(conn, b"")
        elif len(unread) > _MOST_HEAD_BYTES:
            self._refuse(conn)
        elif conn.queue is self.keepalived_conns:
            self._await(conn, self._asking)

    def _will_be_refused(self, unread: bytearray, searched: int) -> bool:
        """Whether gunicorn would not wait for the rest of this head, in a thread (RFC 9112: 2.2, 3)."""
        start = 2 if unread.startswith(b"\r\n") else 0
        end = unread.find(b"\r\n", start, start + self._most_line)
        if end < 0:
            is_refused = len(unread) - start > self._most_line
        else:
            is_refused = not _REQUEST_LINE.match(unread, start) or len(unread) - end - 2 > self._most_fields
        return is_refused or _BARE_LF.search(unread, max(0, searched - 1)) is not None

    def _refuse(self, conn: Connection) -> None:
        """Gunicorn has limits for a field and for their number: of a head that never ends it takes 400 KiB."""
        self.log.warning("a request has a head of more than %d KiB", _MOST_HEAD_BYTES // 1024)
        with suppress(OSError):
            util.write_error(conn.sock, 431, "Request Header Fields Too Large", "The head is too long")
        conn.unread.clear()
        self._unregister(conn)
        self._linger(conn)

    def _take(self, conn: Connection, head: bytes, snapshot: Snapshot | None) -> None:
        begun = time.perf_counter() if self._logs_access else 0.0
        request = self._read_head(head)
        answer = None
        try:
            if request and snapshot:
                question = request.question
                if prefix := snapshot.site.prefix:
                    question = question.below(prefix)
                answer = self._page_cache.look_up(question, snapshot)
        except Exception:
            self.log.exception("The hot lane cannot look a page up")
            answer = None
        if request is None or answer is None:
            self._hand_over(conn, head)
            return
        self._page_cache.count(request.question, answer)
        self._metrics.answered_in_lane()
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False
        conn.keeps_alive = (
            request.keeps_alive
            and self.alive
            and self._keeps_alive
            and len(self.keepalived_conns) - (conn.queue is self.keepalived_conns) < self.max_keepalived
        )
        if self._logs_access:
            self._log_access(conn, head, answer, time.perf_counter() - begun)
        self._send(conn, self._start(request.version, answer, conn.keeps_alive), answer)

    def _hand_over(self, conn: Connection, head: bytes) -> None:
        """To a thread, which takes what follows the head as well."""
        self._unregister(conn)
        conn.hand_over(head + conn.unread)
        conn.unread.clear()
        self.enqueue_req(conn)

    # --- answers

    def _start(self, version: int, answer: Answer, keeps_alive: bool) -> bytes:
        """The lines that depend on the moment and the connection, as gunicorn writes them; kept for a second."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._starts.clear()
        key = version, answer.head.status, keeps_alive, answer.cache_control
        start = self._starts.get(key)
        if start is None:
            connection = "keep-alive" if keeps_alive else "close"
            start = self._starts[key] = (
                f"HTTP/1.{version} {answer.head.status}\r\n"
                f"Server: {wsgi.SERVER}\r\n"
                f"Date: {util.http_date(second)}\r\n"
                f"Connection: {connection}\r\n"
                f"Cache-Control: {answer.cache_control}\r\n"
            ).encode("latin-1")
        return start

    def _send(self, conn: Connection, start: bytes, answer: Answer) -> None:
        lines, body = answer.head.lines, answer.body
        try:
            sent = conn.sock.sendmsg((start, lines, body))
        except BlockingIOError:
            sent = 0
        except OSError:  # the client is gone
            self._close(conn)
            return
        before = len(start) + len(lines)
        if sent == before + len(body):
            self._sent(conn)
            return
        is_in_body = sent >= before
        conn.unsent = memoryview(body)[sent - before :] if is_in_body else memoryview(start + lines + body)[sent:]
        self.poller.modify(conn.sock, EVENT_WRITE, partial(self._on_writable, conn))
        self._sending.append(conn)

    def _on_writable(self, conn: Connection, sock: socket.socket) -> None:
        if conn.queue is None:  # it made room in this very round
            return
        try:
            sent = sock.send(conn.unsent[:_SEND_BYTES])
        except BlockingIOError:
            return
        except OSError:
            self._close(conn)
            return
        conn.unsent = conn.unsent[sent:]
        if conn.unsent:
            self._sending.append(conn)
        else:
            self.poller.modify(sock, EVENT_READ, partial(self._on_readable, conn))
            self._sent(conn)

    def _sent(self, conn: Connection) -> None:
        if not conn.keeps_alive:
            self._unregister(conn)
            self._linger(conn)
            return
        self._await(conn, self.keepalived_conns)
        if conn.unread:
            self._proceed(conn)

    def _log_access(self, conn: Connection, head: bytes, answer: Answer, seconds: float) -> None:
        """gunicorn reads the head once more: its log may be asked for any of its fields."""
        request = next(RequestParser(self.cfg, iter((head,)), conn.client))
        response, environ = wsgi.create(request, conn.sock, conn.client, conn.server, self.cfg)
        response.start_response(answer.head.status, answer.headers)
        response.sent = len(answer.body)
        self.log.access(response, request, environ, timedelta(seconds=seconds))


def _received(sock: socket.socket) -> bytes | None:
    """What is there, empty at the end of the connection; None where there is nothing yet."""
    try:
        return sock.recv(_READ_BYTES)
    except (BlockingIOError, InterruptedError):
        return None
    except OSError:
        return b""


def _is_plain(cfg: Any) -> bool:
    """Whether nothing but plain HTTP/1 comes, and nobody else wants to see each request."""
    has_hooks = any(
        getattr(cfg, name) is not cfg.settings[name].default for name in ("pre_request", "post_request")
    )
    is_http1 = cfg.protocol == "http" and cfg.http2_cleartext == "off" and cfg.proxy_protocol == "off"
    return is_http1 and not cfg.is_ssl and not has_hooks and not os.environ.get("SCRIPT_NAME")
