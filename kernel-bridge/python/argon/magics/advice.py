"""What to do next, for errors that come from the bridge."""

from __future__ import annotations

import shlex
from contextlib import suppress

from ..errors import ArgonError, nearest_name
from ..session import active_session
from .typed import typed

_NAMES_OF = {
    "BRANCH_NOT_FOUND": ("%argon branch list",),
    "REF_NOT_FOUND": ("%argon branch list", "%argon pins"),
    "PIN_NOT_FOUND": ("%argon pins",),
    "RUN_NOT_FOUND": ("%argon runs",),
    "PROJECT_NOT_FOUND": ("%argon projects",),
    "COLLECTION_NOT_FOUND": ("argon.db().list_collection_names()",),
    "PLAN_NOT_FOUND": ("%argon merge SRC --preview",),
}

_NEXT = {
    "BRANCH_EXISTS": ("add --ensure to take the one that is there", "%argon branch list"),
    "BRANCH_PROTECTED": ("%argon branch protect NAME --off", "%argon branch create NAME --switch"),
    "BRIDGE_STARTING": ("run the cell again in a moment", "%argon health"),
    "BRIDGE_UNAVAILABLE": ("%argon health",),
    "BRIDGE_VERSION": ("restart the bridge and the kernel after an upgrade",),
    "CHECKS_MISSING": ("%argon check PLAN CHECK   (records that it passed)", "%argon merge show last"),
    "DATA_CORRUPT": ("keep a copy of the data directory, then look at the bridge's log",),
    "DISK_FULL": ("free some space, then run the cell again: nothing was lost",),
    "HISTORY_GONE": ("%argon log", "%argon pins"),
    "LOG_FAILED": ("%argon health", "restart the bridge: it recovers from its log"),
    "LSN_IN_FUTURE": ("%argon log --limit 1",),
    "NAME_INVALID": ("choose another name",),
    "NOTHING_TO_DO": ("%argon log",),
    "PIN_EXISTS": ("choose another name", "%argon pins"),
    "PLAN_APPLIED": ("%argon log",),
    "PLAN_STALE": ("%argon merge SRC --preview   (makes a new plan)",),
    "PLAN_UNANSWERED": ("%argon merge show last",),
    "PROJECT_EXISTS": ("%argon use NAME",),
    "READ_ONLY": ("%argon checkout BRANCH", "%argon branch create NAME --switch"),
    "REF_INVALID": ("write branch, branch@LSN, branch@2026-07-07T09:00:00Z, branch@-5m, pin:NAME or run:ID",),
    "WRITE_CONFLICT": ("run the cell again",),
    "INTERNAL": ("%argon health", "report it, with the end of the bridge's log"),
}


def advise(error: ArgonError, line: str, prefix: str = "%argon") -> ArgonError:
    """Adds the nearest name and the next steps where the error has none; returns it."""
    if error.nearest is None:
        error.nearest = _nearest(error)
    if not error.next:
        steps: list[str] = []
        wanted = error.data.get("name") or error.data.get("ref")
        if error.code == "COLLECTION_NOT_FOUND":
            wanted = error.data.get("collection", wanted)
        meant = error.nearest or _state_meant(error)
        if meant and isinstance(wanted, str):
            corrected = _corrected(line, wanted, meant)
            if corrected is not None:
                steps.append(f"{prefix} {corrected}")
        steps += _NAMES_OF.get(error.code, ())[: 2 - len(steps)]
        error.next = steps or list(_NEXT.get(error.code, ()))
        if error.code == "BRANCH_EXISTS" and line.split()[:2] != ["branch", "create"]:
            # No other verb takes a branch that is there.
            error.next[0] = "choose another name"
        if error.code == "PIN_EXISTS" and "--ensure" not in line.split():
            error.next.insert(0, "add --ensure if it names the state that is meant")
        if error.code == "BRANCH_PROTECTED" and _is_default(error.data.get("branch")):
            # No protection to take off: a default branch stays what it is.
            error.next = error.next[1:]
    return error


def _corrected(line: str, wanted: str, meant: str) -> str | None:
    """The line with the name that was meant, as one would type it; None when the name does not stand in it."""
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    # Where a name is wrong, the LSN or time behind it is not.
    name, meant_name = (wanted, meant) if "@" in meant else (wanted.split("@")[0], meant)
    corrected = [
        meant_name + word[len(name) :] if word == name or word.startswith(f"{name}@") else word
        for word in words
    ]
    return None if corrected == words else " ".join(typed(word) for word in corrected)


def _is_default(branch: object) -> bool:
    session = active_session()
    if session is not None:
        with suppress(ArgonError):
            project = session.project.info
            return (
                branch == project["defaultBranch"]
                and not session.project.branches.get(branch).info["isProtected"]
            )
    return False


def _state_meant(error: ArgonError) -> str | None:
    """A number where a ref belongs is an LSN without its branch."""
    wanted = error.data.get("ref") or error.data.get("name")
    session = active_session()
    if error.code != "REF_NOT_FOUND" or not isinstance(wanted, str) or session is None:
        return None
    with suppress(ArgonError):
        branch = session.info().get("branch")
        return f"{branch}@{wanted}" if branch and wanted.isascii() and wanted.isdigit() else None
    return None


def _nearest(error: ArgonError) -> str | None:
    wanted = error.data.get("name") or error.data.get("ref")
    if error.code == "COLLECTION_NOT_FOUND":
        wanted = error.data.get("collection", wanted)
    told = error.data.get("nearest")
    if isinstance(told, str):
        # Two names of one letter each are near to each other by count, and no more than that.
        return told if not isinstance(wanted, str) or set(wanted.lower()) & set(told.lower()) else None
    session = active_session()
    if not isinstance(wanted, str) or session is None or error.code not in _NAMES_OF:
        return None
    names: list[str] = []
    with suppress(ArgonError):
        if error.code == "PROJECT_NOT_FOUND":
            names = [project["name"] for project in session.client.projects.list()]
        elif error.code in ("BRANCH_NOT_FOUND", "REF_NOT_FOUND"):
            names = [branch["name"] for branch in session.project.branches.page()["branches"]]
        elif error.code == "COLLECTION_NOT_FOUND":
            ref = error.data.get("ref")
            found = session.project.collections(ref if isinstance(ref, str) else session.ref)
            names = [one["name"] for one in found["collections"]]
        elif error.code == "PIN_NOT_FOUND":
            names = [pin["name"] for pin in session.project.pins()]
    return nearest_name(wanted.split("@")[0] if error.code != "COLLECTION_NOT_FOUND" else wanted, names)
