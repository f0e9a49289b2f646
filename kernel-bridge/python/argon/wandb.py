"""Weights & Biases: a run says which data it saw, by the same facts as an MLflow run.

    run = wandb.init(project="birds")
    argon.wandb.attach(run)

Works online and offline. Nothing of it is imported unless it is used.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .errors import ArgonError, package_missing
from .session import current_session
from .session.seen import Seen, see
from .session.session import no_project

if TYPE_CHECKING:
    from wandb import Artifact, Run

ATTACH_SECONDS_MAX = 10.0
NAME_LENGTH_MAX = 128
"""W&B takes no longer names of artifacts."""


@dataclass
class Attached:
    """A run of W&B that knows its data. `end`, or leaving `with argon.wandb.attach(run):`, says whether it moved."""

    run: Run
    seen: Seen
    id: str
    """The run in `%argon runs`, and for `%argon reproduce`."""

    def end(self) -> dict[str, str]:
        """Adds `argon.lsn_end` and `argon.moved` to the summary of the run, before it is finished, and tells them."""
        facts = self.seen.end()
        self.run.summary.update(facts)
        with suppress(ArgonError):
            self.seen.session.client.call(
                "run.update", project=self.seen.state["project"], run=self.id, facts={"status": "FINISHED"}
            )
        return facts

    def __enter__(self) -> Attached:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


def attach(run: Run | None = None) -> Attached:
    """Adds what the session looks at to a run: config, summary, and an artifact that refers to the data.

    The config gets `argon` with project, branch, LSN, timeline, digest, notebook, cell and URI; the artifact
    `argon-PROJECT` of type `dataset` has a reference for each collection. Its version depends on the content alone:
    two runs with the same version saw the same documents. It is an input of the run; an offline run, which takes
    none, logs it. The bridge keeps the state readable for the run, as for one of MLflow.

    Args:
        run: default: the run that is active.

    Raises:
        ArgonError: `NO_PROJECT`, `NO_RUN` when none is active, `PACKAGE_MISSING`, `BRIDGE_…`.
    """
    wandb = _wandb()
    run = run or wandb.run
    if run is None:
        raise ArgonError(
            "NO_RUN", "no run of W&B is active", next=["wandb.init(…) first", "argon.wandb.attach(run)"]
        )
    session = current_session()
    session.open()
    seen = see(session, ATTACH_SECONDS_MAX)
    if seen is None:
        raise no_project()
    known = f"wandb-{run.id}"
    tags = {name.removeprefix("argon."): value for name, value in seen.tags().items()}
    run.config.update({"argon": {**tags, "run": known}}, allow_val_change=True)
    run.summary["argon.lsn"] = seen.state["lsn"]
    artifact = _artifact(wandb, seen, tags)
    if run.offline:
        run.log_artifact(artifact)
    else:
        run.use_artifact(artifact)
    session.client.change(
        "run.register",
        project=seen.state["project"],
        run=known,
        ref=seen.ref,
        facts={**seen.place(), **_facts(run)},
    )
    return Attached(run, seen, known)


def _artifact(wandb: Any, seen: Seen, tags: dict[str, str]) -> Artifact:
    project = seen.state["project"]
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", f"argon-{project}")[:NAME_LENGTH_MAX]
    artifact: Artifact = wandb.Artifact(
        name, type="dataset", description=f"{project}/{seen.ref} of Argon", metadata=tags
    )
    for one in seen.collections["collections"]:
        # By content: the reference is the same wherever the same documents are.
        place = f"argon://{quote(project, safe='')}/{quote(one['name'], safe='')}#{one['digest']}"
        artifact.add_reference(place, name=quote(one["name"], safe=" "), checksum=False)
    return artifact


def _facts(run: Run) -> dict[str, str]:
    facts = {"name": run.name, "experiment": run.project, "status": "RUNNING", "tracking": "wandb"}
    return {name: str(value) for name, value in facts.items() if value}


def _wandb() -> Any:
    try:
        import wandb
    except ImportError:
        raise package_missing("wandb", "pip install wandb") from None
    return wandb
