"""The verbs' grammar: help, errors and completion, without a bridge."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest
from argon.errors import ArgonError
from argon.magics.completion import candidates, words_before
from argon.magics.extension import run_line
from argon.magics.grammar import USAGE, cell_grammar, grammar
from argon.magics.kinds import answer_rule, duration, extended_json, field_path, lsn_range
from argon.magics.parser import VerbParser
from argon.magics.typed import begun, meant, typed


def all_verbs(
    parser: VerbParser, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], VerbParser]]:
    parts = parser.parts()
    yield words, parser
    if parts is not None:
        for name, below in parts.choices.items():
            yield from all_verbs(below, (*words, name))


VERBS = [words for words, _ in all_verbs(grammar())]


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_verb_has_help_and_json(words: tuple[str, ...]) -> None:
    shown = run_line(None, f"{' '.join(words)} --help", None)
    assert shown.text.startswith("usage:")
    assert "--json" in shown.text


def test_every_verb_of_the_design_is_there() -> None:
    verbs = {words[0] for words in VERBS if words}
    assert verbs >= {
        "init", "use", "branch", "checkout", "log", "history", "diff", "graph", "merge", "restore", "undo", "pin", "pins",
        "runs", "reproduce", "compare", "import", "capture", "push", "gc", "status", "metrics", "health", "cells",
        "why", "feed", "pick", "check", "affected", "model", "stale", "rerun-plan",
    }  # fmt: skip
    assert {words[0] for words, _ in all_verbs(cell_grammar()) if words} == {"at", "branch", "sandbox"}
    for verb in (
        "init",
        "branch",
        "checkout",
        "log",
        "diff",
        "merge",
        "undo",
        "restore",
        "reproduce",
        "sandbox",
    ):
        assert verb in USAGE


@pytest.mark.parametrize(
    ("line", "message", "nearest"),
    [
        ("brnch list", '%argon has no verb "brnch"', "branch"),
        ("branch crate x", '%argon branch has no verb "crate"', "create"),
        ("branch create", "the following arguments are required: NAME", None),
        ("checkout", "the following arguments are required: REF", None),
        ("log --limit 0", "is not a whole number above 0", None),
        ("undo --lsn 9..3", "the range 9..3 is empty", None),
        ("branch create x --ttl soon", "is not a duration", None),
        ("merge a --ours --theirs", "not allowed with", None),
        ("restore", "required", None),
        ("pick clean", "one of the arguments --lsn --cell --actor --txn is required", None),
        ("merge a --rule mine", "is not a rule", None),
        ("merge a --rule ours::x", "is not a rule", None),
        ("why birds A001 a..b", "is not a path of a field", None),
        ("feed --after -1", "is not an LSN", None),
        ("log --frobnicate", "%argon log has no flag --frobnicate", None),
        ("branch create x --form main", "%argon branch create has no flag --form", "--from"),
        ("merge a --previw=1", "%argon merge has no flag --previw", "--preview"),
        ("sandbox", '"sandbox" is not a verb of %argon, but of %%argon', None),
        ("branch create 'x", "the line cannot be read", None),
    ],
)
def test_a_wrong_line_is_explained(line: str, message: str, nearest: str | None) -> None:
    with pytest.raises(ArgonError) as caught:
        run_line(None, line, None)
    assert caught.value.code == "USAGE"
    assert message in caught.value.message
    assert caught.value.nearest == nearest
    assert caught.value.next


@pytest.mark.parametrize("verb", ["import mongodb://x", "capture mongodb://x", "push --to mongodb://x"])
def test_what_is_not_in_this_version_says_so(verb: str) -> None:
    with pytest.raises(ArgonError, match="is not in this version") as caught:
        run_line(None, verb, None)
    assert caught.value.code == "NOT_IN_THIS_VERSION"


@pytest.mark.parametrize(
    ("line", "help"),
    [("diff a b c", "%argon diff --help"), ("branch create a b", "%argon branch create --help")],
)
def test_words_too_many_lead_to_the_help_of_their_verb(line: str, help: str) -> None:
    with pytest.raises(ArgonError, match="takes no more words") as caught:
        run_line(None, line, None)
    assert caught.value.next == [help]


def test_a_verb_of_a_line_is_not_one_of_a_cell() -> None:
    with pytest.raises(ArgonError, match='"log" is not a verb of %%argon, but of %argon') as caught:
        run_line(None, "log", "1")
    assert caught.value.next == ["%argon log", "%argon log --help"]


@pytest.mark.parametrize("line", ["help branch create", "branch create --help"])
def test_help_is_a_verb_too(line: str) -> None:
    assert "usage: %argon branch create" in run_line(None, line, None).data["text"]


def test_help_of_a_verb_of_cells() -> None:
    assert "usage: %%argon sandbox" in run_line(None, "help sandbox", None).data["text"]


def test_help_shows_how_to_write_the_line() -> None:
    assert "usage: %argon [VERB …]\n" in grammar().format_help()
    assert "usage: %%argon at REF | branch NAME | sandbox [--keep NAME]\n" in cell_grammar().format_help()


def test_arguments() -> None:
    assert lsn_range("800..900") == (800, 900)
    assert lsn_range("7") == (7, 7)
    assert (duration("1d"), duration("30min"), duration("2h")) == (86_400, 1800, 7200)
    assert field_path("bill.mm") == ["bill", "mm"]
    assert field_path('"a.b".c."d \\" e"') == ["a.b", "c", 'd " e']
    assert answer_rule("newest") == {"take": "newest"}
    assert answer_rule("theirs:birds") == {"take": "theirs", "collection": "birds"}
    assert answer_rule("ours:birds:bill.mm") == {
        "take": "ours",
        "collection": "birds",
        "path": ["bill", "mm"],
    }
    assert extended_json("3800") == {"$numberInt": "3800"}
    assert extended_json("44.5") == {"$numberDouble": "44.5"}
    assert extended_json("null") is None
    assert extended_json('"3800"') == "3800"
    assert extended_json("female") == "female"
    assert extended_json('{"a": [1, true]}') == {"a": [{"$numberInt": "1"}, True]}
    assert extended_json('{"$numberLong": "5"}') == {"$numberLong": "5"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("%argon ", (False, [], "")),
        ("%argon br", (False, [], "br")),
        ("b = %argon branch create exp/sc", (False, ["branch", "create"], "exp/sc")),
        ("%%argon at main", (True, ["at"], "main")),
        ("    %argon merge answer p-1 ", (False, ["merge", "answer", "p-1"], "")),
        ("%argonaut", None),
        ("%argon", None),
        ("print('%argon br", None),
    ],
)
def test_a_line_of_ours_is_recognised(text: str, found: tuple[bool, list[str], str] | None) -> None:
    assert words_before(text) == found


@pytest.mark.parametrize(
    ("text", "words", "fragment"),
    [
        ("checkout exp", ["checkout"], "exp"),
        ("checkout 'exp o", ["checkout"], "'exp o"),
        ("diff 'exp one' ma", ["diff", "exp one"], "ma"),
        ("diff 'exp one' ", ["diff", "exp one"], ""),
        ("history \"it's", ["history"], "\"it's"),
        ("why a\\ b c", ["why", "a b"], "c"),
    ],
)
def test_a_quoted_word_is_one_word_while_it_is_typed(text: str, words: list[str], fragment: str) -> None:
    assert begun(text) == (words, fragment)


@pytest.mark.parametrize("word", ["exp-1", "exp one", "it's", 'a"b', "", "a\\b", "#1", "näme/ß"])
def test_what_is_offered_is_read_as_one_word(word: str) -> None:
    assert shlex.split(typed(word), comments=False) == [word]
    assert meant(typed(word)) == word


def test_half_a_quote_is_understood() -> None:
    assert [meant(text) for text in ("'exp o", '"a', "b\\", "it'")] == ["exp o", "a", "b\\", "it"]


def test_verbs_and_flags_complete() -> None:
    assert candidates(False, [], "br") == ["branch"]
    assert candidates(False, [], "re")[:2] == ["restore", "reproduce"]
    assert "create" in candidates(False, ["branch"], "")
    assert candidates(False, ["branch", "create", "x"], "--e") == ["--ensure"]
    assert candidates(False, ["restore"], "p")[:2] == ["preview", "plan"]
    assert candidates(False, ["merge", "x", "--rule"], "n") == ["newest"]
    assert candidates(True, [], "s") == ["sandbox"]
    assert candidates(False, [], "rpd")[0] == "reproduce"
    assert candidates(False, ["merge", "answer", "p-1", "1"], "th") == ["theirs"]
