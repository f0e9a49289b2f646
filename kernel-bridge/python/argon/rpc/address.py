"""Where a bridge is, and how to come to it."""

from __future__ import annotations

from typing import Protocol

from websockets.sync.client import ClientConnection, connect, unix_connect

from ..errors import ArgonError
from ..launch import Places, ensure_bridge

HANDSHAKE_SECONDS_MAX = 10.0


class Address(Protocol):
    """A way to the bridge."""

    def ensure(self, seconds: float, *, asked: bool = True) -> None:
        """Sees to it that somebody listens, where that is possible.

        Args:
            seconds: how long that may take.
            asked: false when nobody waits, and only a lost connection is made again.
        """

    def dial(self) -> ClientConnection:
        """Opens a WebSocket. Raises OSError or WebSocketException."""

    def unavailable(self) -> ArgonError:
        """What to say when nobody answers."""

    def starting(self, again: bool) -> ArgonError:
        """What to say while somebody is still on the way to it; `again`: it was there before."""


class LocalAddress:
    """The bridge of a data directory on this machine, which is started when it does not run."""

    def __init__(self, places: Places) -> None:
        self.places = places

    def ensure(self, seconds: float, *, asked: bool = True) -> None:
        """Starts the bridge when there is none."""
        ensure_bridge(self.places, seconds, asked=asked)

    def dial(self) -> ClientConnection:
        """Opens a WebSocket over the unix socket."""
        return unix_connect(
            str(self.places.rpc),
            uri="ws://localhost/rpc",
            compression=None,
            max_size=None,
            # The kernel tells us at once when the other process is gone; a busy one is not a dead one.
            ping_interval=None,
            open_timeout=HANDSHAKE_SECONDS_MAX,
            close_timeout=1,
        )

    def unavailable(self) -> ArgonError:
        """Names the directory and the log."""
        return ArgonError(
            "BRIDGE_UNAVAILABLE",
            f"the bridge for {self.places.data} cannot be reached",
            data={"directory": str(self.places.data)},
            next=["%argon health", f"read {self.places.log}"],
        )

    def starting(self, again: bool) -> ArgonError:
        """Names the directory and the log; `again`: it ran before."""
        return ArgonError(
            "BRIDGE_STARTING",
            f"the bridge for {self.places.data} is starting{' again' if again else ''} and is not ready yet",
            data={"directory": str(self.places.data)},
            next=["run the cell again in a moment: nothing was lost", f"read {self.places.log}"],
        )


class WebAddress:
    """A bridge behind a URL, for example the relay of a Jupyter server: `ws://host:8888/argon/rpc`."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self._token = token

    def ensure(self, seconds: float, *, asked: bool = True) -> None:
        """Nothing: who gives the URL keeps the bridge."""

    def dial(self) -> ClientConnection:
        """Opens a WebSocket; the token travels in a header, never in the URL."""
        return connect(
            self.url,
            additional_headers={"Authorization": f"token {self._token}"} if self._token else None,
            max_size=None,
            open_timeout=HANDSHAKE_SECONDS_MAX,
            close_timeout=1,
        )

    def unavailable(self) -> ArgonError:
        """Names the URL without its query, which may hold a secret."""
        return ArgonError(
            "BRIDGE_UNAVAILABLE",
            f"the bridge at {self.url.split('?')[0]} cannot be reached",
            next=["check the address and the token"],
        )

    def starting(self, again: bool) -> ArgonError:
        """Names the URL without its query; `again`: we were connected before."""
        return ArgonError(
            "BRIDGE_STARTING",
            f"the bridge at {self.url.split('?')[0]} does not answer{' any more' if again else ' yet'}",
            next=["run the cell again in a moment", "check the address and the token"],
        )
