"""Skype, which comes for links and is counted; its preview is not shown here."""

from __future__ import annotations

from bitacora.share.network import Crawler, Network

NETWORK = Network(
    name="skype",
    label="Skype",
    crawler=Crawler("SkypeUriPreview", place=120),
)
