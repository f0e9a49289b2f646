"""The data plane: plain pymongo on any branch at any LSN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..rpc import Link, LocalAddress
from .identity import actor_name

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.database import Database

    from .session import Session


def mongo_address(link: Link) -> str:
    """The MongoDB address of the bridge without a database: its unix socket when it is on this machine."""
    hello = link.hello
    address = link.address
    if isinstance(address, LocalAddress) and address.places.wire.exists():
        return address.places.wire_uri
    return hello["wire"].split("?")[0]


def mongo_client(link: Link, session: str | None) -> MongoClient[dict[str, Any]]:
    """A pymongo client. With a session its connections are recognised as that session's, else by who works here."""
    from pymongo import MongoClient

    name = _app_name(session) or actor_name()
    return MongoClient(mongo_address(link), directConnection=True, appname=name, connect=False)


def database(session: Session, ref: str | None, project: str | None) -> Database[dict[str, Any]]:
    """The database that follows the session (`ref` None), or the one of a ref, which does not."""
    name = project or session.project_name
    if ref is None:
        return session.mongo[name]
    return session.mongo[session.client.project(name).resolve(ref)["database"]]


def uri(session: Session, ref: str | None, project: str | None) -> str:
    """The connection string of `database` for any other driver. It holds no credentials."""
    name = project or session.project_name
    if ref is not None:
        return address_of(session.link, session.client.project(name).resolve(ref)["database"])
    return f"{address_of(session.link, name)}&appName={quote(_app_name(session.id) or '', safe='')}"


def address_of(link: Link, database: str) -> str:
    """The connection string of a database."""
    return f"{mongo_address(link)}{quote(database, safe='~')}?directConnection=true"


def _app_name(session: str | None) -> str | None:
    return None if session is None else f"argon:{session}"
