"""JSON-RPC 2.0 over a WebSocket, with a link that heals itself."""

from .address import Address, LocalAddress, WebAddress
from .link import Link

__all__ = ["Address", "Link", "LocalAddress", "WebAddress"]
