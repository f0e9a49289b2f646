"""How answers look, as text and as HTML. The texts are those of design's picture of the terminal."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from argon.errors import ArgonError, Interrupted
from argon.view import Shown
from argon.view.blocks import Heading, Signs, Text, bold
from argon.view.kinds import branches, graph, place
from argon.view.values import document_name, extended_text, field_changes, path_text, value_text
from argon.view.words import age, count, lsn_range, number, remaining, short, undone_text

HOSTILE = '<img src=x onerror="alert(1)">\x1b]0;pwned\x07\u202e'


def ago(**units: float) -> str:
    then = datetime.now(timezone.utc) - timedelta(**units)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def a_branch(name: str, head: int, **more: Any) -> Any:
    return {
        "name": name,
        "timeline": 2,
        "head": head,
        "headAt": ago(minutes=4),
        "createdAt": ago(days=1),
        "isDefault": False,
        "isProtected": False,
        "ahead": 12,
        "behind": 3,
        **more,
    }


def test_the_branch_list_looks_like_its_picture() -> None:
    listed = [
        a_branch("clean-nulls", 1204),
        a_branch(
            "exp/scale-features", 1892, ahead=1272, behind=5, headAt=ago(minutes=1), expiresAt=ago(days=-6)
        ),
        a_branch("main", 1192, isDefault=True, isProtected=True, headAt=ago(minutes=46)),
        a_branch("relabel-gentoo", 947, ahead=0, headAt=ago(days=1), mergedAt=949),
    ]
    pin: Any = {"name": "v1-paper", "ref": "main@353", "timeline": 1, "lsn": 353, "origin": {"actor": "ada"}}
    shown = branches.branch_list({"branches": listed, "total": 4}, [pin], "clean-nulls", "main")
    assert shown.text.splitlines() == [
        "  branch              head  ahead  behind main  last change  note",
        "* clean-nulls         1204     12            3    4 min ago  session",
        "  exp/scale-features  1892  1,272            5    1 min ago  TTL 6 d",
        "  main                1192                       46 min ago  protected",
        "  relabel-gentoo       947      0            3    1 day ago  merged at 949",
        "4 branches, 1 pin: v1-paper is main@353",
    ]
    assert "4 branches · 1 pin: v1-paper is main@353" in shown.html
    assert '<th scope="col"' in shown.html


def test_where_looks_like_its_picture() -> None:
    session: Any = {"id": "s", "actor": "a", "project": "penguins", "ref": "clean-nulls", "writable": True}
    state: Any = {
        "ref": "clean-nulls@1204",
        "lsn": 1204,
        "timeline": 2,
        "time": ago(minutes=4),
        "database": "penguins@clean-nulls",
    }
    branch = a_branch("clean-nulls", 1204, fork={"timeline": 1, "branch": "main", "lsn": 949})
    shown = place.place(session, state, branch, "main", "connected, embedded store")
    assert shown.text.splitlines() == [
        "penguins/clean-nulls@1204  writable, the head, 4 min ago",
        "against main   12 ahead, 3 behind, fork main@949",
        "database       argon.db() is penguins@clean-nulls",
        "bridge         connected, embedded store",
    ]
    assert shown.lsn == 1204
    assert shown["ref"] == "clean-nulls"


def test_a_value_is_a_bundle_of_text_html_and_json() -> None:
    shown = Shown("branch", {"name": "x", "headAt": "now"}, [Heading([bold("x")])])
    bundle = shown._repr_mimebundle_()
    assert bundle["text/plain"] == "x"
    assert bundle["text/html"].startswith("<div")
    assert bundle["application/vnd.argon.branch+json"] == {"name": "x", "headAt": "now"}
    assert shown.head_at == shown["headAt"] == "now"
    assert "head_at" in dir(shown)
    with pytest.raises(AttributeError):
        _ = shown.nothing
    as_json = shown.as_json()._repr_mimebundle_()
    assert as_json["application/json"] == {"name": "x", "headAt": "now"}
    assert "text/html" not in as_json


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, [name for name, _ in attrs]))


def test_hostile_names_stay_text_in_html_and_in_a_terminal() -> None:
    listed = [a_branch(HOSTILE, 3, fork={"timeline": 1, "branch": HOSTILE, "lsn": 1})]
    one = branches.one_branch(listed[0], HOSTILE, HOSTILE)
    for shown in (
        branches.branch_list({"branches": listed, "total": 1}, [], HOSTILE, HOSTILE),
        one,
        Shown("x", {}, [Heading([HOSTILE]), Text([HOSTILE]), Signs([("+", HOSTILE, [HOSTILE])])]),
    ):
        tags = Tags()
        tags.feed(shown.html)
        assert {tag for tag, _ in tags.seen} <= {
            "div", "table", "thead", "tbody", "tr", "td", "th", "span", "strong", "code", "pre"
        }  # fmt: skip
        assert not [
            name for _, names in tags.seen for name in names if name.startswith(("on", "src", "href", "data"))
        ]
        for letter in ("\x1b", "\x07", "\u202e"):
            assert letter not in shown.text
            assert letter not in shown.html
        assert "pwned" in shown.text


def test_an_error_has_no_traceback_and_cannot_drive_the_terminal() -> None:
    error = ArgonError(
        "REF_NOT_FOUND",
        'there is no branch, pin or run called "clean-nuls" in project penguins',
        nearest="clean-nulls",
        next=["%argon checkout clean-nulls", "%argon branch list"],
    )
    assert error.lines() == [
        'ArgonError: there is no branch, pin or run called "clean-nuls" in project penguins',
        "Nearest name: clean-nulls",
        "Next:  %argon checkout clean-nulls",
        "       %argon branch list",
        "Code:  REF_NOT_FOUND",
    ]
    hostile = ArgonError("X", HOSTILE, next=[HOSTILE])
    assert not [line for line in hostile.lines() if "\x1b" in line or "\n" in line]
    assert Interrupted("stopped")._render_traceback_() == ["\x1b[1mKeyboardInterrupt: stopped\x1b[22m"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"$numberInt": "3450"}, "3450"),
        ({"$numberLong": "9007199254740993"}, "9007199254740993"),
        ({"$numberDouble": "44.5"}, "44.5"),
        ({"$numberDouble": "NaN"}, "NaN"),
        ({"$numberDecimal": "1.10"}, "1.10"),
        ("male", '"male"'),
        (None, "null"),
        (True, "true"),
        ({"$date": {"$numberLong": "1194739200000"}}, "2007-11-11"),
        ({"$date": {"$numberLong": "1194739200250"}}, "2007-11-11 00:00:00.250"),
        ({"$date": {"$numberLong": "-62135596800001"}}, "Date(-62135596800001)"),
        ({"$oid": "65a1b2c3d4e5f60718293a4b"}, "ObjectId(65a1b2c3d4e5f60718293a4b)"),
        ({"$binary": {"base64": "AA==", "subType": "00"}}, "binary"),
        ({"$regularExpression": {"pattern": "^a", "options": "i"}}, "/^a/i"),
        ({"$minKey": 1}, "minKey"),
        ([{"$numberInt": "1"}, "a"], '[1, "a"]'),
        ({"length_mm": {"$numberDouble": "39.1"}}, "{length_mm: 39.1}"),
    ],
)
def test_values_read_as_one_would_write_them(value: Any, text: str) -> None:
    assert extended_text(value) == text


def test_field_changes_show_types_only_where_they_differ_and_fit_on_a_line() -> None:
    changes: list[Any] = [
        {
            "path": ["bill", "length_mm"],
            "before": {"type": "string", "value": "44.5"},
            "after": {"type": "double", "value": {"$numberDouble": "44.5"}},
        },
        {"path": ["outlier"], "before": {"missing": True}, "after": {"type": "bool", "value": True}},
        {
            "path": ["tags", 0],
            "before": {"type": "null", "value": None},
            "after": {"type": "string", "value": "x"},
        },
    ]
    text = Shown(
        "x", {}, [Signs([("~", document_name("penguins", "G027"), field_changes(changes[:2]))])]
    ).text
    assert text == '~ penguins/G027  bill.length_mm "44.5" string -> 44.5 double, outlier: not there -> true'
    narrow = Shown("x", {}, [Text(field_changes(changes, letters_max=10))]).text
    assert narrow.endswith(", 2 more fields")
    assert value_text({"missing": True}) == "not there"
    assert path_text(["a.b", "", 3]) == '"a.b"."".3'


def test_numbers_and_ages() -> None:
    now = datetime(2026, 7, 7, 12, tzinfo=timezone.utc)
    assert age("2026-07-07T11:59:58.000Z", now) == "now"
    assert age("2026-07-07T11:56:00.000Z", now) == "4 min ago"
    assert age("2026-07-06T11:56:00.000Z", now) == "1 day ago"
    assert age("2026-01-01T12:00:00.000Z", now) == "2026-01-01"
    assert remaining("2026-07-13T12:00:00.000Z", now) == "6 d"
    assert number(1204) == "1,204"
    assert count(1, "branch", "branches") == "1 branch"
    assert lsn_range(1193, 1204) == "1193–1204"
    assert undone_text("LSN 7..7: 7..7") == "LSN 7"
    assert undone_text("LSN 1..9") == "LSN 1–9"
    assert undone_text("cell [7]: 821..944") == "cell [7], 821–944"
    assert short("0123456789abcdef", 9) == "0123…cdef"


def test_mermaid_holds_no_markup_of_names() -> None:
    entry: Any = {
        "firstLsn": 1, "lastLsn": 2, "timeline": 1, "branch": HOSTILE, "kind": "writes", "inserts": 2, "updates": 0,
        "deletes": 0, "collections": ['x"]-->y["'], "catalog": [], "origin": {"actor": "a"}, "firstAt": ago(), "lastAt": ago(),
    }  # fmt: skip
    page: Any = {
        "entries": [entry],
        "timelines": [{"id": 1, "forkLsn": 0, "head": 2}],
        "horizon": 0,
        "head": 2,
    }
    drawn = graph.graph(page, [a_branch(HOSTILE, 2, timeline=1)], None)._repr_mimebundle_()[
        "text/vnd.mermaid"
    ]
    lines = drawn.splitlines()
    assert lines[0] == "flowchart BT"
    assert len(lines) == 3
    assert "<" not in drawn
    assert lines[1].count('"') == 2


def test_the_drawing_of_a_graph_is_well_formed_and_names_are_text() -> None:
    def entry(first: int, last: int, timeline: int, **more: Any) -> Any:
        return {
            "firstLsn": first, "lastLsn": last, "timeline": timeline, "kind": "writes", "inserts": 1, "updates": 0, "deletes": 0,
            "collections": [HOSTILE + "\x00\u202e"], "catalog": [], "origin": {"actor": "a"}, "firstAt": ago(), "lastAt": ago(),
            **more,
        }  # fmt: skip

    merge = {"source": HOSTILE, "sourceTimeline": 2, "sourceLsn": 4}
    page: Any = {
        "entries": [entry(5, 5, 1, kind="merge", merge=merge), entry(3, 4, 2), entry(1, 2, 1)],
        "timelines": [{"id": 1, "forkLsn": 0, "head": 5}, {"id": 2, "parent": 1, "forkLsn": 2, "head": 4}],
        "horizon": 0,
        "head": 5,
    }
    heads = [a_branch(HOSTILE, 5, timeline=1), a_branch("exp", 4, timeline=2)]
    drawn = graph.graph(page, heads, "exp")._repr_mimebundle_()["image/svg+xml"]
    root = ElementTree.fromstring(drawn)
    space = "{http://www.w3.org/2000/svg}"
    assert {node.tag.removeprefix(space) for node in root.iter()} == {
        "svg", "title", "rect", "path", "circle", "text", "tspan",
    }  # fmt: skip
    assert len(root.findall(f"{space}circle")) == 3
    # Two lanes, of which one leaves the other, and the merge.
    assert ["C" in path.attrib["d"] for path in root.findall(f"{space}path")] == [False, True, True]
    labels = ["".join(text.itertext()) for text in root.findall(f"{space}text")[1::2]]
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in HOSTILE)
    assert labels[0].startswith(f"[{shown}] merge of ")
    assert labels[1].startswith("[exp *] 1 insert in ")
    empty = graph.svg({**page, "entries": [], "timelines": []}, [], None)
    assert "nothing has been written yet" in "".join(ElementTree.fromstring(empty).itertext())
