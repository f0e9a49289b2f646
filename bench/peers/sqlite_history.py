"""The peer that people build themselves: SQLite with a history table and branches as rows.

Reads one JSON job per line from standard input, such as ``{"do": "branch", "name": "exp"}``, and answers
one JSON line with the milliseconds it took and what it found. Every commit is on disk when it is answered.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path

SCHEMA = """
create table branch(name text primary key, parent text, fork integer) without rowid;
create table version(branch text, id integer, lsn integer, doc blob, primary key (branch, id, lsn)) without rowid;
create index changed on version(branch, lsn, id);
insert into branch values ('main', null, 0);
"""


class History:
    """Documents by (branch, id, LSN); a branch sees its parent's versions up to its fork."""

    def __init__(self, path: Path) -> None:
        """Open a new database file."""
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("pragma synchronous = full")
        self.db.executescript(SCHEMA)
        self.lsn = 0

    def document(self, number: int, value: int) -> bytes:
        """About 200 bytes, as the other peers have them."""
        return json.dumps(
            {"_id": number, "n": value, "name": f"user {number:08d}", "note": "x" * 140}
        ).encode()

    def chain(self, branch: str, lsn: int) -> list[tuple[str, int]]:
        """The branches whose versions make this state, nearest first, each up to an LSN."""
        links = []
        name: str | None = branch
        while name is not None:
            links.append((name, lsn))
            name, fork = self.db.execute("select parent, fork from branch where name = ?", (name,)).fetchone()
            lsn = min(lsn, fork)
        return links

    def load(self, count: int) -> int:
        """Insert documents in transactions of 5,000."""
        for first in range(0, count, 5_000):
            rows = []
            for number in range(first, min(first + 5_000, count)):
                self.lsn += 1
                rows.append(("main", number, self.lsn, self.document(number, 0)))
            self.insert(rows)
        return self.lsn

    def insert(self, rows: list[tuple[str, int, int, bytes]]) -> None:
        """Add versions in one transaction."""
        self.db.execute("begin")
        self.db.executemany("insert into version values (?, ?, ?, ?)", rows)
        self.db.execute("commit")

    def branch(self, name: str) -> int:
        """Fork a branch from the head of main."""
        self.db.execute("insert into branch values (?, 'main', ?)", (name, self.lsn))
        return self.lsn

    def update(self, branch: str, ids: list[int], value: int) -> int:
        """Change documents in one transaction."""
        rows = []
        for number in ids:
            self.lsn += 1
            rows.append((branch, number, self.lsn, self.document(number, value)))
        self.insert(rows)
        return len(rows)

    def get(self, chain: list[tuple[str, int]], number: int) -> bytes | None:
        """Find the version of one document in a state."""
        query = "select doc from version where branch = ? and id = ? and lsn <= ? order by lsn desc limit 1"
        for name, lsn in chain:
            row = self.db.execute(query, (name, number, lsn)).fetchone()
            if row is not None:
                return bytes(row[0])
        return None

    def reads(self, branch: str, lsn: int, ids: list[int]) -> int:
        """Read documents of a state one by one."""
        chain = self.chain(branch, lsn)
        return sum(self.get(chain, number) is not None for number in ids)

    def scan(self, branch: str, lsn: int) -> int:
        """Walk all documents of a state."""
        seen: dict[int, bytes] = {}
        query = """select id, doc from version v where branch = ? and lsn =
                   (select max(lsn) from version where branch = v.branch and id = v.id and lsn <= ?)"""
        for name, cap in self.chain(branch, lsn):
            for number, doc in self.db.execute(query, (name, cap)):
                seen.setdefault(number, doc)
        return len(seen)

    def changed(self, branch: str, after: int) -> set[int]:
        """Find the documents that changed on a branch after an LSN."""
        query = "select distinct id from version where branch = ? and lsn > ?"
        return {number for (number,) in self.db.execute(query, (branch, after))}

    def diff(self, branch: str, fork: int) -> int:
        """Compare a branch with main: documents with both images."""
        ids = self.changed(branch, fork) | self.changed("main", fork)
        ours, theirs = self.chain(branch, self.lsn), self.chain("main", self.lsn)
        return sum(self.get(ours, number) != self.get(theirs, number) for number in ids)

    def merge(self, branch: str, fork: int) -> int:
        """Bring what changed on a branch into main, where main has not changed it too."""
        ids = self.changed(branch, fork) - self.changed("main", fork)
        ours = self.chain(branch, self.lsn)
        rows = []
        for number in ids:
            doc = self.get(ours, number)
            if doc is not None:
                self.lsn += 1
                rows.append(("main", number, self.lsn, doc))
        self.insert(rows)
        return len(rows)

    def bytes(self) -> int:
        """Size of all files."""
        return sum(each.stat().st_size for each in self.path.parent.glob(f"{self.path.name}*"))


def main() -> None:
    """Answer jobs until the input ends."""
    history = History(Path(sys.argv[1]))
    for line in sys.stdin:
        job = json.loads(line)
        work = getattr(history, job.pop("do"))
        begun = time.perf_counter()
        found = work(**job)
        took = (time.perf_counter() - begun) * 1_000
        sys.stdout.write(json.dumps({"ms": took, "found": found, "lsn": history.lsn}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
