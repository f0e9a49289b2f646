"""A real kernel over ZMQ, as a notebook has it."""

from __future__ import annotations

import os
import re
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager, start_new_kernel

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass
class Ran:
    """What came of one cell."""

    status: str
    number: int
    outputs: list[dict[str, Any]] = field(default_factory=list)
    ename: str = ""
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """Everything the cell showed, as a terminal would."""
        parts = []
        for output in self.outputs:
            if "traceback" in output:
                parts.append("\n".join(output["traceback"]))
            else:
                parts.append(output["text"] if "text" in output else output["data"].get("text/plain", ""))
        return _ANSI.sub("", "\n".join(part.rstrip("\n") for part in parts))

    @property
    def data(self) -> dict[str, Any]:
        """The MIME bundle shown last."""
        bundles: list[dict[str, Any]] = [output["data"] for output in self.outputs if "data" in output]
        return bundles[-1]

    def json(self, kind: str) -> Any:
        """The facts of a verb's answer."""
        return self.data[f"application/vnd.argon.{kind}+json"]


class Kernel:
    """Runs cells and says what came of them."""

    manager: KernelManager

    def __init__(self, directory: Path, **environment: str) -> None:
        self.manager, self.client = start_new_kernel(
            kernel_name="python3",
            cwd=str(directory),
            env={**os.environ, "IPYTHONDIR": str(directory / "ipython"), **environment},
            extra_arguments=["--log-level=ERROR"],
        )

    def run(
        self, code: str, *, cell: str | None = None, timeout: float = 60, check: bool | None = True
    ) -> Ran:
        """Runs a cell. `check` True wants it to hold, False wants it to fail."""
        request = self.client.session.msg(
            "execute_request",
            {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
             "stop_on_error": True},
            metadata={"cellId": cell or uuid.uuid4().hex},
        )  # fmt: skip
        begin = time.perf_counter()
        self.client.shell_channel.send(request)
        ran = self.wait(request["header"]["msg_id"], timeout)
        ran.seconds = time.perf_counter() - begin
        if check is not None:
            assert (ran.status == "ok") is check, ran.text
        return ran

    def send(self, code: str) -> str:
        """Starts a cell and does not wait for it."""
        return str(self.client.execute(code))

    def wait(self, message: str, timeout: float = 60) -> Ran:
        """Waits for a cell that was sent."""
        until = time.monotonic() + timeout
        outputs: list[dict[str, Any]] = []
        while True:
            reply = self.client.get_iopub_msg(timeout=max(0.1, until - time.monotonic()))
            if reply["parent_header"].get("msg_id") != message:
                continue
            kind, content = reply["msg_type"], reply["content"]
            if kind in ("stream", "execute_result", "display_data", "error"):
                outputs.append(content)
            if kind == "status" and content["execution_state"] == "idle":
                break
        while True:
            answer = self.client.get_shell_msg(timeout=max(0.1, until - time.monotonic()))
            if answer["parent_header"].get("msg_id") == message:
                content = answer["content"]
                return Ran(
                    content["status"], content.get("execution_count", 0), outputs, content.get("ename", "")
                )

    def wait_for_text(self, message: str, text: str, timeout: float = 60) -> None:
        """Waits until a cell that was sent has printed something; what came until then is not seen again."""
        until = time.monotonic() + timeout
        seen = ""
        while text not in seen:
            reply = self.client.get_iopub_msg(timeout=max(0.1, until - time.monotonic()))
            if reply["parent_header"].get("msg_id") == message and reply["msg_type"] == "stream":
                seen += reply["content"]["text"]

    def complete(self, code: str) -> list[str]:
        """What the tab key offers at the end of `code`."""
        message = self.client.complete(code, len(code))
        while True:
            answer = self.client.get_shell_msg(timeout=20)
            if answer["parent_header"].get("msg_id") == message:
                content = answer["content"]
                start = content["cursor_start"]
                return [code[:start] + match for match in content["matches"]]

    def restart(self) -> None:
        """As the button does."""
        self.manager.restart_kernel(now=True)
        self.client.wait_for_ready(timeout=40)

    def stop(self) -> None:
        """Ends it."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
