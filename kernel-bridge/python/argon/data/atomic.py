"""A long write in one transaction: the whole of it is seen at once, or nothing is."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ArgonError, Interrupted

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.client_session import ClientSession
    from pymongo.errors import PyMongoError

T = TypeVar("T")

ATTEMPTS_MAX = 5
"""How often a write is begun when others keep changing what it changes, or the bridge was started again."""

BACK_OFF_SECONDS = 0.1

COMMIT_SECONDS_MAX = 0.8
"""How long an interrupt waits to learn what becomes of a commit that is under way."""


def atomically(
    client: MongoClient[Any],
    write: Callable[[ClientSession], T],
    *,
    what: str,
    repeats: bool,
    again: Callable[[PyMongoError], bool],
    before_commit: Callable[[], None],
) -> T:
    """Runs `write` in a transaction and commits it; once more when somebody else's change was in its way.

    Args:
        client: where to.
        write: makes the changes, with the session it is given.
        what: what is written, as a sentence names it.
        repeats: whether `write` can be called again.
        again: whether it should be, though the bridge does not say so.
        before_commit: called when all is sent.

    Raises:
        ArgonError: `WRITE_CONFLICT` when others were faster each time; `BRIDGE_UNAVAILABLE`; `TRANSACTION_GONE`;
            what the bridge refuses, by its code. Nothing of it is written then.
        pymongo.errors.PyMongoError: what MongoDB would refuse. Nothing of it is written then.
        KeyboardInterrupt: says what is written: nothing, or all when the commit was under way.
    """
    from pymongo.errors import PyMongoError

    for attempt in range(1, ATTEMPTS_MAX + 1):
        # Not closed by `with`: an interrupted commit goes on and needs it.
        session = client.start_session()
        try:
            session.start_transaction()
            result = write(session)
            before_commit()
            _commit(session, what)
        except PyMongoError as error:
            session.end_session()
            if not (repeats and attempt < ATTEMPTS_MAX and (_is_transient(error) or again(error))):
                raise _explained(error, what) from error
        except _Undecided as undecided:
            raise Interrupted(str(undecided)) from None
        except BaseException:
            session.end_session()
            raise
        else:
            session.end_session()
            return result
        time.sleep(random.uniform(0, BACK_OFF_SECONDS * 2**attempt))
    raise AssertionError("unreachable")


class _Undecided(Exception):
    """The commit was still under way when it was waited for no longer."""


def _commit(session: ClientSession, what: str) -> None:
    """Commits beside us, so that an interrupt does not cut the connection that brings the answer."""
    done = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            session.commit_transaction()
        except BaseException as error:
            failed.append(error)
        finally:
            done.set()

    threading.Thread(target=run, name="argon-commit", daemon=True).start()
    try:
        done.wait()
    except KeyboardInterrupt:
        if not done.wait(COMMIT_SECONDS_MAX):
            raise _Undecided(
                f"stopped while the bridge was committing {what}, which goes on: %argon log shows it as soon as all of "
                "it is written; take it back: %argon undo --cell"
            ) from None
        if not failed:
            raise Interrupted(
                f"{what} was complete when it was stopped, and is written; take it back: %argon undo --cell"
            ) from None
        raise Interrupted(f"stopped writing {what} at its end; nothing of it is written") from None
    if failed:
        raise failed[0]


def _is_transient(error: PyMongoError) -> bool:
    return error.has_error_label("TransientTransactionError")


def _explained(error: PyMongoError, what: str) -> Exception:
    """What failed, with a code of ours where it is no matter of MongoDB's."""
    from pymongo.errors import ConnectionFailure, OperationFailure

    nothing = "nothing of it is written"
    if isinstance(error, ConnectionFailure):
        if error.has_error_label("UnknownTransactionCommitResult"):
            return ArgonError(
                "BRIDGE_UNAVAILABLE",
                f"the bridge was lost while it was committing {what}: it is written as a whole or not at all",
                next=["%argon log   once the bridge is back, to see whether it is", "%argon status"],
            )
        return ArgonError(
            "BRIDGE_UNAVAILABLE",
            f"the bridge was lost while {what} was being written; {nothing}",
            next=["write it again once the bridge is back", "%argon status"],
        )
    if not isinstance(error, OperationFailure):
        return error
    if error.code == 112:
        return ArgonError(
            "WRITE_CONFLICT",
            f"others kept changing what was being written to {what}; {nothing}",
            next=["write it again when they have ended", "write it on a branch of your own, and merge that"],
        )
    if error.code == 251:
        return ArgonError(
            "TRANSACTION_GONE",
            f"the transaction that was writing {what} ended before its time: the bridge was started again, or no rows "
            f"came for a minute; {nothing}",
            next=["write it again"],
        )
    if error.code == 263:
        return ArgonError(
            "BAD_REQUEST",
            f"{what} is a capped collection, which is written a batch at a time and not as a whole",
            next=[f"argon.db()[{what!r}].insert_many(rows)"],
        )
    code = ((error.details or {}).get("argon") or {}).get("code")
    if isinstance(code, str):
        message = str((error.details or {}).get("errmsg", error)).removeprefix(f"{code}: ")
        return ArgonError(code, f"{message} Of {what} nothing is written.")
    return error
