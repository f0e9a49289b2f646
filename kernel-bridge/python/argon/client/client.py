"""A client of the bridge."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..launch import places
from ..protocol import HelloResult, RunGetResult, StatusResult
from ..rpc import Link, LocalAddress, WebAddress
from .events import Events
from .project import Project, Projects

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.database import Database


class Client:
    """Talks to the bridge; starts it when it does not run, and connects again when it went away.

    Args:
        url: a `ws://` or `wss://` address; default: the bridge of a data directory on this machine.
        token: what the server behind `url` asks for.
        data: the data directory; default `$ARGON_DATA`, else `~/.argon`.

    Example:
        >>> client = argon.Client()
        >>> project = client.projects.create("churn", ensure=True)
        >>> branch = project.branches.create("exp-1", from_="main")
        >>> branch.merge(into="main")
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        data: str | os.PathLike[str] | None = None,
        link: Link | None = None,
        session: str | None = None,
    ) -> None:
        if link is None:
            link = Link(LocalAddress(places(data)) if url is None else WebAddress(url, token))
            self._owns_link = True
        else:
            self._owns_link = False
        self.link = link
        self.session = session
        """Id of the session in whose name changes are made, if any."""
        self._mongo: MongoClient[dict[str, Any]] | None = None

    @property
    def projects(self) -> Projects:
        """The projects of the bridge."""
        return Projects(self)

    def project(self, name: str) -> Project:
        """A project, whether it exists or not; see `projects.get`, which looks."""
        return Project(self, name)

    def hello(self) -> HelloResult:
        """Versions, data directory and MongoDB address of the bridge."""
        return self.link.hello

    def status(self) -> StatusResult:
        """How the bridge and its data directory are."""
        answer: StatusResult = self.call("status")
        return answer

    def run(self, run: str) -> RunGetResult:
        """A run of any project, and the state it saw.

        Raises:
            ArgonError: `RUN_NOT_FOUND`.
        """
        answer: RunGetResult = self.call("run.get", run=run)
        return answer

    def events(self, project: str | None = None) -> Events:
        """Changes as they happen, of one project or of all; see `Events`."""
        return Events(self.link, project)

    @property
    def mongo(self) -> MongoClient[dict[str, Any]]:
        """A pymongo client of the data plane: `client.mongo["shop@exp"]`."""
        if self._mongo is None:
            from ..session.mongo import mongo_client

            self._mongo = mongo_client(self.link, self.session)
        return self._mongo

    def database(self, name: str) -> Database[dict[str, Any]]:
        """A pymongo `Database`: `shop` follows the session, `shop@exp` and `shop@exp:1200` are a branch and a past state."""
        return self.mongo[name]

    def __getitem__(self, name: str) -> Database[dict[str, Any]]:
        return self.database(name)

    def call(self, method: str, **params: Any) -> Any:
        """Calls any method of the protocol by its name."""
        return self.link.call(method, params)

    def change(self, method: str, **params: Any) -> Any:
        """Calls a method that changes something, in the name of the session."""
        if self.session is not None:
            params["session"] = self.session
        return self.link.call(method, params)

    def close(self) -> None:
        """Ends the connections. The bridge goes on for others, and ends when nobody is left."""
        if self._mongo is not None:
            self._mongo.close()
            self._mongo = None
        if self._owns_link:
            self.link.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
