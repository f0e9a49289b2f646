"""Types of the control plane. Written by tools/protocol_py.py from schema/protocol: change it there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import NotRequired, TypeAlias

Lsn: TypeAlias = "int"

Ref: TypeAlias = "str"

Instant: TypeAlias = "str"


class ClusterTime(TypedDict):
    """A BSON Timestamp: commit time as MongoDB drivers know it."""

    t: int
    i: int

ExtendedJson: TypeAlias = "Any"

FieldPath: TypeAlias = "list[Union[str, int]]"


class Value(TypedDict):
    """Either {missing: true}, or the BSON type name (as $type knows it) and the value."""

    missing: NotRequired[bool]
    type: NotRequired[str]
    value: NotRequired[ExtendedJson]


class Origin(TypedDict):
    actor: str
    session: NotRequired[str]
    notebook: NotRequired[str]
    cell: NotRequired[str]
    """Stable id of the cell."""
    cellNumber: NotRequired[int]
    """Execution count, as [4]."""


class Project(TypedDict):
    name: str
    head: Lsn
    defaultBranch: str
    createdAt: Instant


class Fork(TypedDict):
    timeline: int
    branch: NotRequired[str]
    lsn: Lsn


class Branch(TypedDict):
    name: str
    timeline: int
    head: Lsn
    headAt: Instant
    createdAt: Instant
    isDefault: bool
    isProtected: bool
    fork: NotRequired[Fork]
    backupOf: NotRequired[str]
    expiresAt: NotRequired[Instant]
    ahead: int
    """Changes that the default branch does not include."""
    behind: int
    mergedAt: NotRequired[Lsn]
    """Set when the default branch includes every change of this branch through a merge."""
    checks: NotRequired[list[str]]
    """Checks that a plan must have passed before it is applied to the branch while it is protected."""


class State(TypedDict):
    """A resolved ref."""

    project: str
    ref: str
    """Normalised: main@949."""
    branch: NotRequired[str]
    timeline: int
    lsn: Lsn
    time: Instant
    clusterTime: ClusterTime
    writable: bool
    snappedFrom: NotRequired[Lsn]
    database: str
    """Name of the MongoDB database that opens this very state."""


class Index(TypedDict):
    name: str
    key: ExtendedJson
    unique: bool
    sparse: bool


class Collection(TypedDict):
    name: str
    count: int
    digest: str
    """32 hex digits; the same for the same set of documents."""
    indexes: list[Index]
    options: ExtendedJson


class CatalogChange(TypedDict):
    op: str
    """created, dropped, renamed, changed; for an index: indexed, unindexed."""
    collection: str
    index: NotRequired[str]


class EntryMerge(TypedDict):
    source: str
    sourceTimeline: int
    sourceLsn: Lsn


class EntryUndo(TypedDict):
    what: str
    firstLsn: Lsn
    lastLsn: Lsn


class EntryPick(TypedDict):
    """What was brought from elsewhere: `clean, LSN 4..9`."""

    what: str
    firstLsn: Lsn
    lastLsn: Lsn


class EntryRestore(TypedDict):
    """The state that was gone back to; both LSNs are its own."""

    what: str
    firstLsn: Lsn
    lastLsn: Lsn


class Entry(TypedDict):
    """A run of changes of one kind, branch and cell."""

    firstLsn: Lsn
    lastLsn: Lsn
    timeline: int
    branch: NotRequired[str]
    kind: Literal["writes", "catalog", "merge", "undo", "import", "pick", "restore"]
    inserts: int
    updates: int
    deletes: int
    collections: list[str]
    catalog: list[CatalogChange]
    origin: Origin
    firstAt: Instant
    lastAt: Instant
    merge: NotRequired[EntryMerge]
    undo: NotRequired[EntryUndo]
    pick: NotRequired[EntryPick]
    """What was brought from elsewhere: `clean, LSN 4..9`."""
    restore: NotRequired[EntryRestore]
    """The state that was gone back to; both LSNs are its own."""


class Timeline(TypedDict):
    id: int
    parent: NotRequired[int]
    forkLsn: Lsn
    head: Lsn
    branch: NotRequired[str]


class Change(TypedDict):
    lsn: Lsn
    timeline: int
    branch: NotRequired[str]
    collection: str
    id: ExtendedJson
    op: Literal["insert", "update", "delete"]
    time: Instant
    origin: Origin
    before: NotRequired[ExtendedJson]
    after: NotRequired[ExtendedJson]
    fields: list[FieldChange]
    kind: NotRequired[Literal["writes", "catalog", "merge", "undo", "import", "pick", "restore"]]
    """Told by the feed: what kind of commit it belongs to."""
    catalog: NotRequired[bool]
    """Told by the feed: the collection itself was made, dropped or altered; `id` is its name."""
    txn: NotRequired[str]
    """Told by the feed: the transaction that it was made in."""
    groupLast: NotRequired[Lsn]
    """Told by the feed: the last LSN of the atomic group that it belongs to."""


class Blame(TypedDict):
    """Who gave a field of a document the value that it has."""

    path: FieldPath
    value: Value
    lsn: Lsn
    timeline: int
    branch: NotRequired[str]
    exact: bool
    """False when the history is so long that the true LSN is somewhere before this one."""
    time: Instant
    origin: Origin
    txn: NotRequired[str]
    runs: list[str]
    """MLflow runs that the same execution of the cell started, newest first, at most ten."""


class FieldChange(TypedDict):
    path: FieldPath
    before: Value
    after: Value


class DocumentDiff(TypedDict):
    collection: str
    id: ExtendedJson
    op: Literal["insert", "update", "delete"]
    fields: list[FieldChange]
    before: NotRequired[ExtendedJson]
    after: NotRequired[ExtendedJson]


class DiffSummary(TypedDict):
    collection: str
    added: int
    changed: int
    deleted: int


Diff = TypedDict(
    "Diff",
    {
        "from": "State",
        "to": "State",
        "summary": "list[DiffSummary]",
        "catalog": "list[CatalogChange]",
        "documents": "list[DocumentDiff]",
        "next": "NotRequired[str]",
    },
)


class Answer(TypedDict):
    """One of take, value, missing."""

    take: NotRequired[Literal["ours", "theirs", "base"]]
    value: NotRequired[ExtendedJson]
    missing: NotRequired[bool]
    """true: the field or document shall not be there."""


class AnswerRule(TypedDict):
    """Answers conflicts that have no answer of their own. `path` means what is below it too. Of several rules that fit, the last one counts."""

    take: Literal["ours", "theirs", "base", "newest"]
    """`newest`: the side that gave the path its value last, by LSN."""
    collection: NotRequired[str]
    """Only in this collection."""
    path: NotRequired[FieldPath]


class Conflict(TypedDict):
    id: str
    collection: str
    document: ExtendedJson
    """The _id."""
    path: FieldPath
    base: Value
    ours: Value
    theirs: Value
    answer: NotRequired[Answer]


class PlanSummary(TypedDict):
    collection: str
    added: int
    changed: int
    deleted: int
    conflicts: int


class CheckResult(TypedDict):
    """What a check said of a plan."""

    name: str
    passed: bool
    detail: NotRequired[str]
    """For people: a link, a sentence."""
    by: str
    at: Instant


class PlanAppliedAs(TypedDict):
    firstLsn: Lsn
    lastLsn: Lsn


class Plan(TypedDict):
    id: str
    kind: Literal["merge", "pick", "undo", "restore"]
    state: Literal["open", "applied", "stale"]
    project: str
    into: str
    intoLsn: Lsn
    source: str
    """clean@1204, or what is undone."""
    sourceLsn: NotRequired[Lsn]
    base: str
    summary: list[PlanSummary]
    conflicts: int
    unanswered: int
    createdAt: Instant
    appliedAs: NotRequired[PlanAppliedAs]
    backup: NotRequired[str]
    """The branch that keeps the state before a restore that was applied."""
    checks: NotRequired[list[CheckResult]]
    """The newest result of each check. Another answer takes them back."""


class Pin(TypedDict):
    name: str
    ref: str
    timeline: int
    lsn: Lsn
    createdAt: Instant
    origin: Origin


class CellActivityReadsItemBase(TypedDict):
    """It was read on a branch that the cell made from this state and deleted again, as a sandbox does."""

    branch: str
    lsn: Lsn


class CellActivityReadsItem(TypedDict):
    project: NotRequired[str]
    ref: str
    collection: str
    documents: int
    lsn: Lsn
    branch: NotRequired[str]
    base: NotRequired[CellActivityReadsItemBase]
    """It was read on a branch that the cell made from this state and deleted again, as a sandbox does."""
    digest: str


class CellActivityWritesItem(TypedDict):
    project: NotRequired[str]
    branch: str
    collection: str
    firstLsn: Lsn
    lastLsn: Lsn
    inserts: int
    updates: int
    deletes: int
    fate: NotRequired[Literal["undone", "gone"]]
    """`undone`: taken back by an undo that stands. `gone`: the branch was deleted, or reset to before it. Absent while the write stands."""


class CellActivity(TypedDict):
    """What one executed cell did to the data. `digest` of a read is that of the whole collection in the state read."""

    cell: str
    cellNumber: NotRequired[int]
    startedAt: Instant
    finishedAt: NotRequired[Instant]
    reads: list[CellActivityReadsItem]
    writes: list[CellActivityWritesItem]
    runs: list[str]


class Session(TypedDict):
    id: str
    kernel: NotRequired[str]
    notebook: NotRequired[str]
    actor: str
    project: NotRequired[str]
    branch: NotRequired[str]
    ref: NotRequired[str]
    """What is checked out: a branch, or a past state."""
    lsn: NotRequired[Lsn]
    writable: bool
    ahead: NotRequired[int]
    behind: NotRequired[int]
    database: NotRequired[str]
    connected: bool
    cell: NotRequired[str]
    """Cell that runs now."""
    openedAt: Instant


class Run(TypedDict):
    id: str
    project: str
    branch: NotRequired[str]
    branchNow: NotRequired[Literal["gone", "another"]]
    """Where `branch` does not lead to what the run saw any more. `gone`: no branch has this name. `another`: the branch that has it is a new one, or was reset."""
    timeline: int
    lsn: Lsn
    digest: str
    createdAt: Instant
    facts: dict[str, str]
    """notebook, cell, name, experiment, status, metric.accuracy …"""
    releasedAt: NotRequired[Instant]
    """Since when its state is not kept for its sake: the run was deleted where it was logged."""


class ErrorData(TypedDict):
    code: str
    """Stable code of docs/errors.md."""
    data: NotRequired[dict[str, Any]]


class Error(TypedDict):
    code: int
    """JSON-RPC code: -32700, -32600 … of the standard; -32000 for errors of Argon."""
    message: str
    data: ErrorData

GcReason: TypeAlias = "Literal['log', 'changes', 'time', 'deleted']"


class KeeperLast(TypedDict):
    at: str
    reason: GcReason
    logBytes: int
    """Bytes by which the log became smaller."""
    stateBytes: int
    """Bytes of rows that went from the state."""


class Keeper(TypedDict):
    automatic: bool
    """Whether garbage is collected in the background."""
    running: bool
    waits: NotRequired[GcReason]
    """Why the next collection is due, when it waits for the bridge to be quiet."""
    last: NotRequired[KeeperLast]
    failed: NotRequired[str]
    """Why the newest collection failed."""


class Storage(TypedDict):
    """Bytes on disk by kind, beside what the documents themselves take."""

    logBytes: int
    """Segments of the log that take frames or wait to be compressed."""
    coldBytes: int
    """Compressed segments of the log."""
    stateBytes: int
    """File of the state, free pages included."""
    stateFreeBytes: int
    """Free pages inside it, which are used before it grows."""
    imageBytes: int
    """Page images."""
    liveBytes: int
    """Raw BSON of the documents at the heads of the default branches."""


class LineageDataCollectionsItem(TypedDict):
    name: str
    count: int


class LineageData(TypedDict):
    """A state of the data that a run or its cell has read."""

    key: str
    ref: str
    """Opens this very state, though its branch is gone."""
    branch: NotRequired[str]
    timeline: int
    lsn: Lsn
    digest: NotRequired[str]
    """Of the whole state, where a run has told it."""
    pins: list[str]
    """Names of pins on this state."""
    documents: NotRequired[int]
    """In all collections; left out when counting would take too long, or when the state is gone."""
    collections: NotRequired[list[LineageDataCollectionsItem]]
    """The largest ones."""
    gone: NotRequired[bool]
    """The state cannot be read any more."""


class LineageCell(TypedDict):
    """A cell as it was run on a state of the data."""

    key: str
    data: list[str]
    """Keys of the states it read; the first is the one its runs saw."""
    notebook: NotRequired[str]
    cell: NotRequired[str]
    cellNumber: NotRequired[int]


class LineageRun(TypedDict):
    """A run, with where it stands in the lineage."""

    key: str
    data: str
    """Key of the state it saw."""
    cell: NotRequired[str]
    """Key of the cell that started it."""
    run: Run


class LineageModel(TypedDict):
    """A model that a run made."""

    key: str
    run: str
    """Key of the run that made it."""
    name: str
    version: NotRequired[str]
    """Its version in the registry; without one, the run has only logged it."""
    aliases: list[str]


class Lineage(TypedDict):
    """A page of the lineage of a project. Keys are the same on every page."""

    project: str
    head: Lsn
    total: int
    """Runs that were asked for, on all pages."""
    branches: list[str]
    """Branches that any run of the project saw."""
    data: list[LineageData]
    cells: list[LineageCell]
    runs: list[LineageRun]
    models: list[LineageModel]
    next: NotRequired[str]
    """Where the next page begins."""


class BranchListParams(TypedDict):
    project: str
    search: NotRequired[str]
    letters: NotRequired[str]
    """Letters that the name has in this order; names that begin with them come first."""
    after: NotRequired[str]
    """Name of the last branch of the page before."""
    limit: NotRequired[int]


class BranchListResult(TypedDict):
    branches: list[Branch]
    total: int
    next: NotRequired[str]


class BranchGetParams(TypedDict):
    project: str
    name: str

BranchGetResult: TypeAlias = "Branch"


BranchCreateParams = TypedDict(
    "BranchCreateParams",
    {
        "project": "str",
        "name": "str",
        "from": "NotRequired[Ref]",
        "ensure": "NotRequired[bool]",
        "ttlSeconds": "NotRequired[int]",
        "session": "NotRequired[str]",
    },
)

BranchCreateResult: TypeAlias = "Branch"


class BranchRenameParams(TypedDict):
    project: str
    name: str
    to: str
    session: NotRequired[str]

BranchRenameResult: TypeAlias = "Branch"


class BranchProtectParams(TypedDict):
    project: str
    name: str
    protect: bool
    checks: NotRequired[list[str]]
    """Names of the checks that a plan must have passed; none when left out."""
    session: NotRequired[str]

BranchProtectResult: TypeAlias = "Branch"


class BranchDeleteParams(TypedDict):
    project: str
    name: str
    session: NotRequired[str]


class BranchDeleteResult(TypedDict):
    name: str
    head: Lsn
    unmerged: int


class HelloParamsClient(TypedDict):
    kind: Literal["kernel", "page", "cli", "script", "server"]
    version: str


class HelloParams(TypedDict):
    client: HelloParamsClient
    protocol: int


class HelloResultServer(TypedDict):
    version: str
    protocol: int


class HelloResult(TypedDict):
    server: HelloResultServer
    wire: str
    """MongoDB connection string without a database; drivers use it as it is."""
    dataDirectory: str
    pid: int
    startedAt: Instant
    readOnly: bool
    """True when the protocol versions differ: reading works, writing is refused."""

StatusParams: TypeAlias = "dict[str, Any]"


class StatusResult(TypedDict):
    projects: int
    branches: int
    connections: int
    wireConnections: int
    logBytes: int
    stateBytes: int
    pendingRecords: int
    memoryBytes: int
    uptimeSeconds: float
    failed: NotRequired[str]
    trackingFailures: NotRequired[int]
    """Requests to the MLflow tracking server that failed; absent when none is configured."""
    storage: Storage
    keeping: Keeper


class SubscribeParams(TypedDict):
    project: NotRequired[str]


class SubscribeResult(TypedDict):
    subscription: str


class UnsubscribeParams(TypedDict):
    subscription: str

UnsubscribeResult: TypeAlias = "None"

ShutdownParams: TypeAlias = "dict[str, Any]"

ShutdownResult: TypeAlias = "None"


class DocumentsFindParams(TypedDict):
    project: str
    ref: Ref
    collection: str
    filter: NotRequired[ExtendedJson]
    """A MongoDB filter; without it every document."""
    sort: NotRequired[ExtendedJson]
    """A MongoDB sort document; without it the order of `_id`."""
    projection: NotRequired[ExtendedJson]
    """A MongoDB projection."""
    after: NotRequired[str]
    """`next` of the page before, of the same state, filter and sort."""
    limit: NotRequired[int]
    """Default 100, at most 500; a page of large documents ends sooner."""
    request: NotRequired[str]
    """A name by which `documents.cancel` on this connection stops the work."""


class DocumentsFindResultDocumentsItem(TypedDict):
    id: ExtendedJson
    """Its `_id`; null when a view shows none."""
    bytes: int
    """Size of the whole document as BSON."""
    document: NotRequired[ExtendedJson]
    """Absent when it is too large for a reply: ask for a part of it by `projection`."""


class DocumentsFindResult(TypedDict):
    state: State
    documents: list[DocumentsFindResultDocumentsItem]
    read: str
    """How they were found: `ids`, `scan`, `view`, `capped`, `none`, or the name of an index as `index:NAME`."""
    examined: int
    """Documents looked at for this page, as far as it is known."""
    next: NotRequired[str]
    """Absent at the end."""


class DocumentsCountParams(TypedDict):
    project: str
    ref: Ref
    collection: str
    filter: NotRequired[ExtendedJson]
    """A MongoDB filter; without it every document."""
    most: NotRequired[int]
    """Default 100,000."""
    request: NotRequired[str]
    """A name by which `documents.cancel` on this connection stops the work."""


class DocumentsCountResult(TypedDict):
    state: State
    count: int
    exact: bool
    """False when there are at least so many and counting stopped."""


DocumentsCompareParams = TypedDict(
    "DocumentsCompareParams",
    {
        "project": "str",
        "from": "Ref",
        "to": "Ref",
        "collection": "str",
        "filter": "NotRequired[ExtendedJson]",
        "after": "NotRequired[str]",
        "limit": "NotRequired[int]",
        "request": "NotRequired[str]",
    },
)


DocumentsCompareResult = TypedDict(
    "DocumentsCompareResult",
    {
        "from": "State",
        "to": "State",
        "documents": "list[DocumentDiff]",
        "examined": "int",
        "next": "NotRequired[str]",
    },
)


class DocumentsStatisticsParams(TypedDict):
    project: str
    ref: Ref
    collection: str
    request: NotRequired[str]
    """A name by which `documents.cancel` on this connection stops the work."""


class DocumentsStatisticsResult(TypedDict):
    state: State
    kind: Literal["collection", "capped", "view"]
    viewOn: NotRequired[str]
    """What a view shows documents of."""
    count: NotRequired[int]
    """Absent for a view: its documents are made when they are read."""
    bytes: NotRequired[int]
    averageBytes: NotRequired[int]
    estimated: bool
    """Whether the bytes are estimated."""


class DocumentsCancelParams(TypedDict):
    request: str


class DocumentsCancelResult(TypedDict):
    cancelled: bool
    """False when nothing of this name is under way."""


class RefResolveParams(TypedDict):
    project: str
    ref: Ref

RefResolveResult: TypeAlias = "State"


class RefCollectionsParams(TypedDict):
    project: str
    ref: Ref


class RefCollectionsResult(TypedDict):
    state: State
    digest: str
    collections: list[Collection]


class LogParams(TypedDict):
    project: str
    ref: NotRequired[Ref]
    before: NotRequired[Lsn]
    """Only entries whose last LSN is smaller."""
    limit: NotRequired[int]


class LogResult(TypedDict):
    entries: list[Entry]
    timelines: list[Timeline]
    horizon: Lsn
    head: Lsn
    next: NotRequired[Lsn]


class ChangesParams(TypedDict):
    project: str
    timeline: int
    firstLsn: Lsn
    lastLsn: Lsn
    limit: NotRequired[int]
    after: NotRequired[Lsn]


class ChangesResult(TypedDict):
    changes: list[Change]
    next: NotRequired[Lsn]


class FeedParams(TypedDict):
    project: str
    after: Lsn
    """The newest LSN that is known already; 0 for everything."""
    branch: NotRequired[str]
    """Only the changes that its state consists of, inherited ones included."""
    collection: NotRequired[str]
    limit: NotRequired[int]
    waitMs: NotRequired[int]
    """How long to wait for the first change when there is none; default 0, at most 30,000."""


class FeedResult(TypedDict):
    changes: list[Change]
    upTo: Lsn
    """Everything up to here has been told."""
    head: Lsn


class HistoryParams(TypedDict):
    project: str
    ref: Ref
    collection: str
    id: ExtendedJson
    limit: NotRequired[int]
    before: NotRequired[Lsn]
    after: NotRequired[Lsn]
    """Only versions newer than this LSN: the page is then the oldest of them, still newest first."""


class HistoryResult(TypedDict):
    changes: list[Change]
    next: NotRequired[Lsn]
    newer: NotRequired[Lsn]
    """With `after`: pass as `after` for the versions that are newer than these. Absent when there are none."""


class BlameParams(TypedDict):
    project: str
    ref: Ref
    collection: str
    id: ExtendedJson
    path: NotRequired[FieldPath]
    after: NotRequired[int]
    """`next` of the page before."""
    limit: NotRequired[int]


class BlameResult(TypedDict):
    state: State
    fields: list[Blame]
    next: NotRequired[int]


DiffParams = TypedDict(
    "DiffParams",
    {
        "project": "str",
        "from": "Ref",
        "to": "Ref",
        "collection": "NotRequired[str]",
        "after": "NotRequired[str]",
        "limit": "NotRequired[int]",
    },
)

DiffResult: TypeAlias = "Diff"


class KeepingGcParams(TypedDict):
    project: NotRequired[str]
    apply: NotRequired[bool]
    keepSeconds: NotRequired[int]
    keepLsns: NotRequired[int]


class KeepingGcResultRows(TypedDict):
    """Rows of the state."""

    versions: int
    changes: int
    indexEntries: int
    commits: int
    other: int


class KeepingGcResultKeptItem(TypedDict):
    project: str
    kind: Literal["head", "history", "pin", "run", "fork", "merge base", "plan", "ref", "transaction", "index"]
    name: str
    lsn: Lsn
    versionsAlone: int
    bytesAlone: int


class KeepingGcResultHorizonsItem(TypedDict):
    project: str
    branch: str
    lsn: Lsn


class KeepingGcResult(TypedDict):
    dryRun: bool
    rows: KeepingGcResultRows
    """Rows of the state."""
    stateBytes: int
    """Bytes of those rows: room that the state uses again."""
    logBytes: int
    """Bytes by which the log becomes smaller."""
    images: int
    """Page images dropped with the states they show."""
    timelines: int
    """Timelines of deleted branches and projects that are gone altogether."""
    kept: list[KeepingGcResultKeptItem]
    horizons: list[KeepingGcResultHorizonsItem]


class KeepingRetentionParams(TypedDict):
    project: str
    branch: NotRequired[str]


class KeepingRetentionResult(TypedDict):
    """How much history stays readable behind a head. What either figure keeps is kept; without any, all of it is."""

    keepSeconds: NotRequired[int]
    """States that were current in the last so many seconds."""
    keepLsns: NotRequired[int]
    """The newest so many LSNs of a branch."""


class KeepingSetRetentionParams(TypedDict):
    project: str
    branch: NotRequired[str]
    keepSeconds: NotRequired[int]
    keepLsns: NotRequired[int]
    session: NotRequired[str]


class KeepingSetRetentionResult(TypedDict):
    """How much history stays readable behind a head. What either figure keeps is kept; without any, all of it is."""

    keepSeconds: NotRequired[int]
    """States that were current in the last so many seconds."""
    keepLsns: NotRequired[int]
    """The newest so many LSNs of a branch."""


class KeepingVerifyParams(TypedDict):
    limit: NotRequired[int]
    """Ends after so many problems; default 100."""


class KeepingVerifyResultProblemsItem(TypedDict):
    where: str
    offset: NotRequired[int]
    key: NotRequired[str]
    what: str


class KeepingVerifyResult(TypedDict):
    problems: list[KeepingVerifyResultProblemsItem]
    complete: bool
    checked: dict[str, int]


class KeepingBackupParams(TypedDict):
    folder: str
    """An absolute path."""


class KeepingBackupResultProjectsItem(TypedDict):
    name: str
    head: Lsn


class KeepingBackupResult(TypedDict):
    projects: list[KeepingBackupResultProjectsItem]
    files: int
    bytes: int
    copiedFiles: int
    copiedBytes: int


class KeepingAutomaticParams(TypedDict):
    enabled: NotRequired[bool]

KeepingAutomaticResult: TypeAlias = "Keeper"

KeepingCompactParams: TypeAlias = "dict[str, Any]"


class KeepingCompactResult(TypedDict):
    stateBytes: int
    stateFreeBytes: int
    """What it gives back, about."""


class LineageGraphParams(TypedDict):
    project: str
    branch: NotRequired[str]
    firstLsn: NotRequired[Lsn]
    lastLsn: NotRequired[Lsn]
    digest: NotRequired[str]
    """Only runs whose whole state has this digest: the same data."""
    search: NotRequired[str]
    """Part of a run's name or id, or of its branch, experiment, notebook or model; case does not count."""
    run: NotRequired[str]
    """This run comes with the first page, wherever it stands."""
    after: NotRequired[str]
    """`next` of the page before."""
    limit: NotRequired[int]
    """Runs in a page."""

LineageGraphResult: TypeAlias = "Lineage"


class PinCreateParams(TypedDict):
    project: str
    name: str
    ref: Ref
    ensure: NotRequired[bool]
    session: NotRequired[str]

PinCreateResult: TypeAlias = "Pin"


class PinListParams(TypedDict):
    project: str

PinListResult: TypeAlias = "list[Pin]"


class PinDeleteParams(TypedDict):
    project: str
    name: str
    session: NotRequired[str]

PinDeleteResult: TypeAlias = "None"


class MergePlanParams(TypedDict):
    project: str
    source: Ref
    into: str
    session: NotRequired[str]

MergePlanResult: TypeAlias = "Plan"


class MergeOverlapParamsDocumentsItem(TypedDict):
    collection: str
    id: ExtendedJson


class MergeOverlapParams(TypedDict):
    project: str
    source: Ref
    into: Ref
    documents: NotRequired[list[MergeOverlapParamsDocumentsItem]]
    """Documents to mark."""
    limit: NotRequired[int]
    """Documents to look at for the count, at most 10,000; 0 counts none."""


class MergeOverlapResult(TypedDict):
    source: Ref
    """The states as they were compared."""
    into: Ref
    base: NotRequired[str]
    """The merge base: `main@949`. Absent when `into` includes all of `source`."""
    forkLsn: NotRequired[Lsn]
    """Where their lines of history part. Absent with `base`."""
    documents: int
    """Documents that both changed."""
    asked: int
    """Those of them about which a merge asks; it joins the others by rule."""
    more: bool
    """There may be more: the count ended at `limit`."""
    marks: list[Literal["none", "joined", "asked"]]
    """Of the documents that were asked for, in their order."""


class PickPlanParams(TypedDict):
    project: str
    source: Ref
    """The state whose history has the changes."""
    into: str
    firstLsn: NotRequired[Lsn]
    lastLsn: NotRequired[Lsn]
    cell: NotRequired[str]
    cellNumber: NotRequired[int]
    actor: NotRequired[str]
    txn: NotRequired[str]
    session: NotRequired[str]

PickPlanResult: TypeAlias = "Plan"


class UndoPlanParams(TypedDict):
    project: str
    branch: str
    firstLsn: NotRequired[Lsn]
    lastLsn: NotRequired[Lsn]
    cell: NotRequired[str]
    cellNumber: NotRequired[int]
    actor: NotRequired[str]
    txn: NotRequired[str]
    session: NotRequired[str]

UndoPlanResult: TypeAlias = "Plan"


class PlanGetParams(TypedDict):
    project: str
    id: str

PlanGetResult: TypeAlias = "Plan"


class PlanListParams(TypedDict):
    project: str
    state: NotRequired[str]
    limit: NotRequired[int]

PlanListResult: TypeAlias = "list[Plan]"


class PlanConflictsParams(TypedDict):
    project: str
    id: str
    after: NotRequired[str]
    limit: NotRequired[int]


class PlanConflictsResult(TypedDict):
    conflicts: list[Conflict]
    next: NotRequired[str]


class PlanDocumentsParams(TypedDict):
    project: str
    id: str
    after: NotRequired[str]
    limit: NotRequired[int]


class PlanDocumentsResult(TypedDict):
    documents: list[DocumentDiff]
    next: NotRequired[str]


class PlanAnswerParamsAnswersItem(TypedDict):
    conflict: str
    answer: Union[Answer, None]


class PlanAnswerParams(TypedDict):
    project: str
    id: str
    answers: NotRequired[list[PlanAnswerParamsAnswersItem]]
    all: NotRequired[Literal["ours", "theirs"]]
    rules: NotRequired[list[AnswerRule]]
    """Not together with `all`."""

PlanAnswerResult: TypeAlias = "Plan"


class PlanCheckParams(TypedDict):
    project: str
    id: str
    name: str
    passed: bool
    detail: NotRequired[str]
    session: NotRequired[str]

PlanCheckResult: TypeAlias = "Plan"


class PlanAgainParams(TypedDict):
    project: str
    id: str
    session: NotRequired[str]

PlanAgainResult: TypeAlias = "Plan"


class PlanApplyParams(TypedDict):
    project: str
    id: str
    session: NotRequired[str]

PlanApplyResult: TypeAlias = "Plan"


class RestorePreviewParams(TypedDict):
    project: str
    branch: str
    to: Ref
    limit: NotRequired[int]


RestorePreviewResult = TypedDict(
    "RestorePreviewResult",
    {
        "branch": "str",
        "from": "State",
        "to": "State",
        "backup": "str",
        "changes": "int",
        "discarded": "list[Entry]",
        "diff": "Diff",
    },
)


class RestorePlanParams(TypedDict):
    project: str
    branch: str
    to: Ref
    collection: NotRequired[str]
    """Only this one, with its options and indexes."""
    ids: NotRequired[list[ExtendedJson]]
    """Only the documents with these _ids, of `collection`."""
    session: NotRequired[str]

RestorePlanResult: TypeAlias = "Plan"


class RestoreApplyParams(TypedDict):
    project: str
    branch: str
    to: Ref
    session: NotRequired[str]


class RestoreApplyResult(TypedDict):
    branch: Branch
    backup: str

ProjectListParams: TypeAlias = "dict[str, Any]"

ProjectListResult: TypeAlias = "list[Project]"


class ProjectCreateParams(TypedDict):
    name: str
    ensure: NotRequired[bool]
    """No error when it exists."""
    session: NotRequired[str]

ProjectCreateResult: TypeAlias = "Project"


class ProjectDeleteParams(TypedDict):
    name: str
    confirm: str
    """The name again."""
    session: NotRequired[str]

ProjectDeleteResult: TypeAlias = "None"


class RunRegisterParams(TypedDict):
    project: str
    run: str
    ref: Ref
    session: NotRequired[str]
    facts: NotRequired[dict[str, str]]

RunRegisterResult: TypeAlias = "Run"


class RunUpdateParams(TypedDict):
    project: str
    run: str
    facts: dict[str, str]

RunUpdateResult: TypeAlias = "Run"


class RunReleaseParams(TypedDict):
    project: str
    run: str

RunReleaseResult: TypeAlias = "Run"


class RunGetParams(TypedDict):
    run: str


class RunGetResult(TypedDict):
    run: Run
    state: State


RunListParamsMetricsItem = TypedDict(
    "RunListParamsMetricsItem",
    {
        "name": "str",
        "is": "Literal['<', '<=', '=', '!=', '>=', '>']",
        "value": "float",
    },
)


class RunListParams(TypedDict):
    project: str
    branch: NotRequired[str]
    firstLsn: NotRequired[Lsn]
    lastLsn: NotRequired[Lsn]
    cell: NotRequired[int]
    """Number of the cell that started it."""
    model: NotRequired[str]
    """Text that the name of its model holds."""
    metrics: NotRequired[list[RunListParamsMetricsItem]]
    """Conditions on its metrics; all must hold."""
    search: NotRequired[str]
    """The begin of its id, or text that its name holds."""
    after: NotRequired[str]
    """Id of the last run of the page before."""
    limit: NotRequired[int]


class RunListResult(TypedDict):
    runs: list[Run]
    total: int
    """Runs on all pages."""
    next: NotRequired[str]
    """Id of the last run of this page, when there are more."""


class RunAffectedParams(TypedDict):
    project: str
    lsn: NotRequired[Lsn]
    """The change that made the version; its document is looked for."""
    collection: NotRequired[str]
    """With `id`, in place of `lsn`: every version."""
    id: NotRequired[ExtendedJson]
    after: NotRequired[str]
    """`next` of the page before."""
    limit: NotRequired[int]


class RunAffectedResultRunsItem(TypedDict):
    run: Run
    version: Lsn
    """The LSN that made the version which the run's state held."""


class RunAffectedResult(TypedDict):
    collection: str
    id: ExtendedJson
    runs: list[RunAffectedResultRunsItem]
    next: NotRequired[str]
    """Id of the run that was looked at last."""


class SessionOpenParams(TypedDict):
    id: NotRequired[str]
    kernel: NotRequired[str]
    notebook: NotRequired[str]
    actor: NotRequired[str]
    project: NotRequired[str]
    ref: NotRequired[str]

SessionOpenResult: TypeAlias = "Session"


class SessionGetParams(TypedDict):
    id: str

SessionGetResult: TypeAlias = "Session"

SessionListParams: TypeAlias = "dict[str, Any]"

SessionListResult: TypeAlias = "list[Session]"


class SessionCheckoutParams(TypedDict):
    id: str
    project: NotRequired[str]
    ref: Ref

SessionCheckoutResult: TypeAlias = "Session"


class SessionCellParamsCell(TypedDict):
    id: str
    number: NotRequired[int]
    source: NotRequired[str]
    """Hash of the source."""


class SessionCellParams(TypedDict):
    id: str
    cell: Union[SessionCellParamsCell, None]

SessionCellResult: TypeAlias = "Union[CellActivity, None]"


class SessionCellsParams(TypedDict):
    id: str
    limit: NotRequired[int]

SessionCellsResult: TypeAlias = "list[CellActivity]"


class SessionStaleParams(TypedDict):
    id: str


class SessionStaleResultStaleItemReadsItemChanged(TypedDict):
    """The first change since; absent when the branch was reset or is gone, or the change is not kept."""

    lsn: Lsn
    time: Instant
    origin: Origin


class SessionStaleResultStaleItemReadsItem(TypedDict):
    project: str
    branch: str
    collection: str
    lsn: Lsn
    """Of the state that was read."""
    changed: NotRequired[SessionStaleResultStaleItemReadsItemChanged]
    """The first change since; absent when the branch was reset or is gone, or the change is not kept."""


class SessionStaleResultStaleItem(TypedDict):
    cell: str
    cellNumber: NotRequired[int]
    startedAt: Instant
    reads: list[SessionStaleResultStaleItemReadsItem]


class SessionStaleResultPlanItem(TypedDict):
    cell: str
    cellNumber: NotRequired[int]
    stale: bool
    after: list[str]
    """Ids of cells of the plan that wrote what it reads."""


class SessionStaleResult(TypedDict):
    stale: list[SessionStaleResultStaleItem]
    plan: list[SessionStaleResultPlanItem]
    """Stale cells and those that read what a cell of the plan wrote, each behind the cells whose data it needs."""


class SessionCloseParams(TypedDict):
    id: str

SessionCloseResult: TypeAlias = "None"


class CommitEvent(TypedDict):
    type: Literal["commit"]
    project: str
    branch: NotRequired[str]
    lsn: Lsn
    entry: Entry


class ProjectEvent(TypedDict):
    type: Literal["project"]
    op: Literal["create", "delete"]
    project: str


class BranchEvent(TypedDict):
    type: Literal["branch"]
    project: str
    op: Literal["create", "delete", "rename", "reset", "protect"]
    branch: str
    previous: NotRequired[str]


class PinEvent(TypedDict):
    type: Literal["pin"]
    project: str
    op: Literal["create", "delete"]
    pin: str


class RunEvent(TypedDict):
    type: Literal["run"]
    project: str
    run: str


class PlanEvent(TypedDict):
    type: Literal["plan"]
    project: str
    plan: str
    state: str


class SessionEvent(TypedDict):
    type: Literal["session"]
    session: Session
    op: Literal["open", "checkout", "cell", "disconnect", "close"]


class CellEvent(TypedDict):
    type: Literal["cell"]
    session: str
    activity: CellActivity

ProtocolEvent: TypeAlias = "Union[CommitEvent, ProjectEvent, BranchEvent, PinEvent, RunEvent, PlanEvent, SessionEvent, CellEvent]"
"""Params of the notification `event`."""

METHODS: dict[str, str] = {
    "branch.list": "Branches of a project, the default first, then newest head first.",
    "branch.get": "One branch.",
    "branch.create": "Creates a branch at a ref (default: the head of the default branch).",
    "branch.rename": "Renames a branch.",
    "branch.protect": "Protects a branch: it takes plans only, and those only when its checks have passed; it is not deleted or reset.",
    "branch.delete": "Deletes a branch. Its states stay readable where a pin, a run or a fork holds them.",
    "hello": "First call of every connection.",
    "status": "How the bridge and its data directory are.",
    "subscribe": "Starts `event` notifications on this connection; of one project, or of all.",
    "unsubscribe": "Ends them.",
    "shutdown": "Asks the bridge to end cleanly.",
    "documents.find": "Documents of a collection or view in one state, a page at a time. The pages of one state and query fit together: pass `state.ref` and `next`.",
    "documents.count": "How many documents fit a filter, counted up to `most`.",
    "documents.compare": "How the answer to a filter differs between two states, a page at a time: `insert` for a document that only the second shows, `delete` for one that only the first does, `update` for one that both show and that differs. It costs what has changed between them, not what they hold.",
    "documents.statistics": "How much a collection of a state holds. Counts are exact, bytes are estimated from its first documents when it has more.",
    "documents.cancel": "Stops what this connection named by `request`; it is then answered with CANCELLED.",
    "ref.resolve": "Which state a ref means now.",
    "ref.collections": "Collections of a state with counts, digests and indexes.",
    "log": "Entries newest first: of the whole project, or of one ref and its ancestors.",
    "changes": "Changes of a range of LSNs on one timeline, with fields.",
    "feed": "Changes of a project from any LSN on, in LSN order: each once, none left out. Pass `upTo` as `after` to go on.",
    "history": "Versions of one document, newest first.",
    "blame": "Who gave each field of a document its value, in the order of the fields, paged; with `path` only of this field and what is below it.",
    "diff": "What differs between two states of a project.",
    "keeping.gc": "Takes away history that nothing keeps; without `apply` it only says what would go and what stays because of what.",
    "keeping.retention": "What a project, or a branch of it, is set to keep; empty when it has no setting of its own.",
    "keeping.setRetention": "Sets it; without figures the setting is taken away. Nothing goes before the next collection.",
    "keeping.verify": "Walks log, state and images and names what does not fit.",
    "keeping.backup": "Copies what is durable into a folder of the bridge's machine; what an earlier backup there has is not copied again.",
    "keeping.automatic": "Says whether garbage is collected in the background, and how that goes; with `enabled` it is switched on or off for the data directory.",
    "keeping.compact": "Has the file of the state give its free pages back to the disk when the bridge starts next.",
    "lineage.graph": "Which data led to which model: states of the data, the cells that read them, the runs these started and the models the runs made. Newest runs first, paged.",
    "pin.create": "Names a state for ever.",
    "pin.list": "All pins of a project.",
    "pin.delete": "Deletes a pin.",
    "merge.plan": "Plans a merge; nothing is written but the plan.",
    "merge.overlap": "What two states have both changed since their merge base, before anything is planned: which of some documents, and how many in all.",
    "pick.plan": "Plans to do on a branch what some changes did in another state: a range, a cell, an actor or a transaction.",
    "undo.plan": "Plans an undo on a branch: of a range, a cell, an actor or a transaction.",
    "plan.get": "A plan.",
    "plan.list": "Plans, newest first.",
    "plan.conflicts": "Conflicts of a plan, paged.",
    "plan.documents": "What the plan would change, with the answers given so far.",
    "plan.answer": "Answers conflicts one by one (`answers`), by rules in place of those before (`rules`), or all by one rule (`all`).",
    "plan.check": "Records what a check said of a plan; the newest result of a name counts.",
    "plan.again": "Plans the same again at the heads as they are now; the plan before stays as it is, its answers too.",
    "plan.apply": "Applies a plan exactly once, if no head has moved.",
    "restore.preview": "What a reset of the branch to an earlier state would discard.",
    "restore.plan": "Plans to give a branch, a collection or some documents back what they were in a state. Applied, it is a commit like any other, and the state before stays under a backup name.",
    "restore.apply": "Resets the branch; the discarded line stays under a backup name.",
    "project.list": "All projects.",
    "project.create": "Creates a project with its default branch.",
    "project.delete": "Deletes a project and all its branches. Cannot be taken back.",
    "run.register": "Remembers which state an MLflow run saw, and keeps that state readable.",
    "run.update": "Adds facts to a run (status, metrics, end).",
    "run.release": "Stops keeping the state of a run that was deleted where it was logged; what is known of the run stays.",
    "run.get": "A run of any project by its id alone.",
    "run.list": "Runs of a project, newest first, paged.",
    "run.affected": "Runs whose state held a version of a document: the one that an LSN made, or any. Newest run first, paged; a page may be short, or empty, and still have a `next`.",
    "session.open": "A kernel says who it is; the same id opens the same session again after a restart.",
    "session.get": "One session.",
    "session.list": "All sessions.",
    "session.checkout": "Moves the session to a branch (writable) or a past state (read-only).",
    "session.cell": "The session starts (cell given) or ends (null) the execution of a cell; the end answers what it did.",
    "session.cells": "What the cells of the session did, newest first.",
    "session.stale": "Cells of the session, by their newest execution, whose data has changed since they read it, and in which order to run what is to be run again. What a cell wrote itself makes it not stale.",
    "session.close": "Ends a session.",
}
"""Every method of the bridge, and what it does."""

PROTOCOL_VERSION = 1
"""Grows when a message changes in a way an older side would not understand."""
