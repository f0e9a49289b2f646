"""A client of the bridge for coroutines."""

from __future__ import annotations

import asyncio
import os
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..launch import places
from ..protocol import HelloResult, RunGetResult, StatusResult
from ..rpc import Link, LocalAddress, WebAddress
from .events import AsyncEvents
from .link import call
from .project import AsyncProject, AsyncProjects

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient
    from pymongo.asynchronous.database import AsyncDatabase


class AsyncClient:
    """`Client` for coroutines: the same names, each of which is awaited when it asks the bridge.

    Requests of several coroutines go out at once over one connection. A coroutine that is cancelled leaves what it
    asked for to the bridge, which may have done it.

    Args:
        url: a `ws://` or `wss://` address; default: the bridge of a data directory on this machine, which is
            started when it does not run.
        token: what the server behind `url` asks for.
        data: the data directory; default `$ARGON_DATA`, else `~/.argon`.

    Example:
        >>> async with argon.AsyncClient() as client:
        ...     project = await client.projects.create("churn", ensure=True)
        ...     branch = await project.branches.create("exp-1", from_="main")
        ...     await branch.merge(into="main")
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        data: str | os.PathLike[str] | None = None,
    ) -> None:
        self.link = Link(LocalAddress(places(data)) if url is None else WebAddress(url, token))
        self._mongo: AsyncMongoClient[dict[str, Any]] | None = None

    @property
    def projects(self) -> AsyncProjects:
        """The projects of the bridge."""
        return AsyncProjects(self)

    def project(self, name: str) -> AsyncProject:
        """A project, whether it exists or not; see `projects.get`, which looks."""
        return AsyncProject(self, name)

    async def hello(self) -> HelloResult:
        """Versions, data directory and MongoDB address of the bridge."""
        return await asyncio.to_thread(lambda: self.link.hello)

    async def status(self) -> StatusResult:
        """How the bridge and its data directory are."""
        answer: StatusResult = await self.call("status")
        return answer

    async def run(self, run: str) -> RunGetResult:
        """A run of any project, and the state it saw.

        Raises:
            ArgonError: `RUN_NOT_FOUND`.
        """
        answer: RunGetResult = await self.call("run.get", run=run)
        return answer

    def events(self, project: str | None = None) -> AsyncEvents:
        """Changes as they happen, of one project or of all; see `AsyncEvents`."""
        return AsyncEvents(self.link, project)

    async def mongo(self) -> AsyncMongoClient[dict[str, Any]]:
        """The pymongo client of the data plane."""
        if self._mongo is None:
            from pymongo import AsyncMongoClient

            from ..session.identity import actor_name
            from ..session.mongo import mongo_address

            address = await asyncio.to_thread(mongo_address, self.link)
            if self._mongo is None:
                self._mongo = AsyncMongoClient(
                    address, directConnection=True, appname=actor_name(), connect=False
                )
        return self._mongo

    async def database(self, name: str) -> AsyncDatabase[dict[str, Any]]:
        """A pymongo `AsyncDatabase`: `shop@exp` and `shop@exp:1200` are a branch and a past state."""
        return (await self.mongo())[name]

    async def call(self, method: str, **params: Any) -> Any:
        """Calls any method of the protocol by its name."""
        return await call(self.link, method, params)

    async def change(self, method: str, **params: Any) -> Any:
        """Calls a method that changes something."""
        return await call(self.link, method, params)

    async def close(self) -> None:
        """Ends the connections. The bridge goes on for others, and ends when nobody is left."""
        mongo, self._mongo = self._mongo, None
        if mongo is not None:
            await mongo.close()
        await asyncio.to_thread(self.link.close)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
