"""From a registered model back to the run that made it, and the data the run saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import protocol
from ..errors import ArgonError, printable
from ..session import Session, mongo
from .reproduce import open_run
from .store import is_there

if TYPE_CHECKING:
    from pymongo.database import Database


@dataclass(frozen=True, repr=False)
class ModelData:
    """The data behind a model: the run that made it, and the state the run saw."""

    model: str
    run: protocol.Run
    ref: str
    """`run:ID`, which stays readable whatever becomes of the branch."""

    _session: Session

    @property
    def project(self) -> str:
        """The project the data lies in."""
        return self.run["project"]

    @property
    def digest(self) -> str:
        """Digest of the whole state, as the run saw it."""
        return self.run["digest"]

    def __repr__(self) -> str:
        """`births@1: run 1f0c2a77 saw birds/clean@1204, branch gone`: `db()` opens it all the same."""
        from ..view.kinds.runs import run_ref

        return printable(f"{self.model}: run {self.run['id'][:8]} saw {self.project}/{run_ref(self.run)}")

    def db(self) -> Database[dict[str, Any]]:
        """A read-only pymongo `Database` of that state."""
        return mongo.database(self._session, self.ref, self.project)


def data_for_model(session: Session, model: str) -> ModelData:
    """The data behind a registered model.

    Args:
        session: who asks.
        model: `models:/NAME/VERSION`, `models:/NAME@ALIAS`, or in short `NAME@VERSION` and `NAME@ALIAS`.

    Raises:
        ArgonError: `MODEL_NOT_FOUND` when MLflow is missing or knows no such version, `RUN_NOT_FOUND` when the run
            that made it saw no Argon data.
    """
    run, ref = open_run(session, run_of_model(model))
    return ModelData(model, run, ref, session)


def run_of_model(model: str) -> str:
    """Id of the run that made a version of a registered model.

    Raises:
        ArgonError: `MODEL_NOT_FOUND`; `USAGE` when it is neither NAME@VERSION nor a `models:/` URI.
    """
    name, version = parse_model(model)
    try:
        import mlflow
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise _not_found(model, "MLflow is not installed") from None
    if not is_there(mlflow.get_registry_uri()):
        raise _not_found(model, "there is no model registry yet")
    client = mlflow.MlflowClient()
    try:
        found = (
            client.get_model_version(name, version)
            if version.isdigit()
            else client.get_model_version_by_alias(name, version)
        )
        run_id = found.run_id
        logged: str | None = getattr(found, "model_id", None)
        if not run_id and logged:
            run_id = client.get_logged_model(logged).source_run_id
    except MlflowException as error:
        raise _not_found(model, str(error).splitlines()[0][:200]) from None
    if not run_id:
        raise _not_found(model, "it was registered without a run")
    return str(run_id)


def parse_model(model: str) -> tuple[str, str]:
    """Name, and version or alias."""
    text = model.removeprefix("models:/")
    name, sign, version = text.rpartition("/" if text != model and "@" not in text else "@")
    if not sign or not name or not version:
        raise ArgonError(
            "USAGE",
            f"{model} is no version of a model",
            next=[
                "%argon model NAME@VERSION",
                "%argon model NAME@ALIAS",
                "%argon model models:/NAME/VERSION",
            ],
        )
    return name, version


def _not_found(model: str, why: str) -> ArgonError:
    return ArgonError(
        "MODEL_NOT_FOUND",
        f"there is no data to be found for the model {model}: {why}",
        data={"model": model},
        next=["%argon runs", "set MLFLOW_TRACKING_URI to the server that has the model"],
    )


def versions_of_runs(run_ids: list[str]) -> dict[str, list[str]]:
    """Registered versions (`NAME@VERSION`) that runs made, as far as MLflow is loaded and says so."""
    import sys

    mlflow: Any = sys.modules.get("mlflow")
    versions: dict[str, list[str]] = {}
    if mlflow is None:
        return versions
    from mlflow.exceptions import MlflowException

    client = mlflow.MlflowClient()
    for run_id in run_ids:
        try:
            found = client.search_model_versions(f"run_id = '{run_id}'")
        except MlflowException:
            continue
        versions[run_id] = [f"{one.name}@{one.version}" for one in found]
    return versions
