"""The worker by the name that configurations of before know."""

from bitacora.server.worker import HotLaneWorker

__all__ = ["HotLaneWorker"]
