"""`%load_ext argon` and `%unload_ext argon`."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Coroutine
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class

from ..errors import ArgonError, Interrupted, printable
from ..session import Session, active_session, current_session
from ..view import Shown
from ..view.blocks import Preformatted
from ..view.kinds.place import full_ref
from .advice import advise
from .body import Awaited
from .completion import Completion
from .context import Context
from .grammar import USAGE, cell_grammar, grammar
from .hooks import CellHooks
from .parser import HelpWanted

_ATTRIBUTE = "_argon_extension"


@magics_class
class ArgonMagics(Magics):
    """The magics."""

    @line_cell_magic
    def argon(self, line: str, cell: str | None = None) -> Any:
        """Replaced by the usage text below."""
        __tracebackhide__ = True
        try:
            answer = run_line(self.shell, line, cell)
            return _advised(answer, line) if inspect.iscoroutine(answer) else answer
        except ArgonError as error:
            raise advise(error, line, "%argon" if cell is None else "%%argon") from None
        except KeyboardInterrupt:
            if cell is not None:
                raise
            raise Interrupted(f"stopped %argon {line.strip()}; nothing is half done") from None

    argon.__doc__ = USAGE


async def _advised(answer: Coroutine[Any, Any, None], line: str) -> None:
    __tracebackhide__ = True
    try:
        await answer
    except ArgonError as error:
        raise advise(error, line, "%%argon") from None


def run_line(shell: Any, line: str, cell: str | None) -> Any:
    """Runs a verb and returns what it shows.

    Raises:
        ArgonError: with the code `USAGE` when the line cannot be understood, else as the verb.
    """
    __tracebackhide__ = True
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ArgonError("USAGE", f"the line cannot be read: {error}", next=["close the quotes"]) from None
    parser = grammar() if cell is None else cell_grammar()
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
        if words[0] in parser.elsewhere:
            parser = cell_grammar() if cell is None else grammar()
    try:
        args = parser.parse_args(words)
    except HelpWanted as wanted:
        return Shown("help", {"text": wanted.text}, [Preformatted(wanted.text)])
    answer = args.run(Context(shell, line, cell, args))
    return answer.as_json() if getattr(args, "json", False) and isinstance(answer, Shown) else answer


class Extension:
    """What `%load_ext` put into the shell, so that it can be taken out."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.hooks = CellHooks(shell)
        self.completion = Completion(shell)
        self.awaited = Awaited(shell)

    def load(self) -> None:
        """Registers magics, hooks and completion."""
        self.shell.register_magics(ArgonMagics)
        self.hooks.register()
        self.completion.register()
        self.awaited.register()

    def unload(self) -> None:
        """Takes them out again."""
        self.hooks.unregister()
        self.completion.unregister()
        self.awaited.unregister()
        for kind in ("line", "cell"):
            self.shell.magics_manager.magics[kind].pop("argon", None)


def load(shell: Any) -> None:
    """`%load_ext argon`. A second time, or after a reload of the package, it takes the place of the first."""
    old = getattr(shell, _ATTRIBUTE, None)
    if old is not None:
        old.unload()
    extension = Extension(shell)
    extension.load()
    setattr(shell, _ATTRIBUTE, extension)
    already = active_session() is not None
    try:
        session = current_session()
    except ArgonError as error:
        # The verbs say it again, and work as soon as the reason is gone.
        print("\n".join(error.lines()), file=sys.stderr)
        return
    extension.hooks.begin_running_cell()
    if not already:
        _say_where(session)


def unload(shell: Any) -> None:
    """`%unload_ext argon`: takes the verbs out. The session stays, and with it every database that is in use."""
    extension = getattr(shell, _ATTRIBUTE, None)
    if extension is not None:
        extension.unload()
        delattr(shell, _ATTRIBUTE)


def _say_where(session: Session) -> None:
    """A kernel that was restarted is told that it is where it was."""
    opened = session.open()
    if opened.get("project") and opened.get("ref"):
        print(
            printable(
                f"This kernel is at {opened['project']}/{full_ref(opened)} again, as before its restart."
            )
        )
