"""Every verb in a real kernel against a real bridge."""

from __future__ import annotations

import json
import time

import pytest
from argon.client import Client
from argon.launch import Places
from birds import kernel, project_of, running  # noqa: F401
from kernels import Kernel


def test_where(kernel: Kernel) -> None:
    name = project_of(kernel)
    ran = kernel.run("%argon")
    first, *rest = ran.text.splitlines()
    assert first == f"{name}/main@41  writable, the head, now"
    assert rest == [
        f"database   argon.db() is {name}@main",
        "notebook   birds.ipynb",
        "bridge     connected, embedded store",
    ]
    assert f"<strong>{name}/main@41</strong>" in ran.data["text/html"]
    facts = ran.json("place")
    assert (facts["lsn"], facts["ref"], facts["writable"]) == (41, "main", True)


def test_branches(kernel: Kernel) -> None:
    name = project_of(kernel)
    ran = kernel.run(
        "b = %argon branch create exp/one --switch --ttl 1d\nprint(b.name, b.head, b['timeline'] > 0)\nb"
    )
    assert "exp/one 41 True" in ran.text
    assert f"{name}/exp/one@41  from main" in ran.text
    assert "lives for 1 d" in ran.text
    kernel.run("db.birds.delete_one({'_id': 'A001'})")
    listed = kernel.run("%argon branch").text.splitlines()
    assert listed[0].split() == ["branch", "head", "ahead", "behind", "main", "last", "change", "note"]
    assert any(line.startswith("* exp/one") and "session" in line and "TTL" in line for line in listed)
    assert kernel.run("%argon branch create exp/one --ensure").json("branch")["head"] == 42
    assert kernel.run("%argon branch list --search EXP").json("branches")["total"] == 1
    assert "exp/two" in kernel.run("%argon branch rename exp/one exp/two").text
    assert kernel.run("%argon").json("place")["ref"] == "exp/two"
    refused = kernel.run("%argon branch delete exp/two", check=False)
    assert "is what this kernel has checked out" in refused.text
    kernel.run("%argon checkout main")
    assert "1 change had not been merged" in kernel.run("%argon branch delete exp/two").text
    refused = kernel.run("%argon branch delete main", check=False)
    assert "BRANCH_PROTECTED" in refused.text
    assert "checkout main" not in refused.text
    assert "protect" not in refused.text.split("Next:")[1].split("Code:")[0]
    assert f"Next:  %argon use {name}" in kernel.run(f"%argon use {name}x", check=False).text
    assert "there is no such branch" in kernel.run("%argon branch delete exp/two --ensure").text
    assert kernel.run("%argon branch protect main").json("branch")["isProtected"] is True
    assert kernel.run("%argon branch protect main --off").json("branch")["isProtected"] is False


def test_a_number_is_taken_for_a_state_of_this_branch(kernel: Kernel) -> None:
    kernel.run("%argon branch create x")
    assert "Next:  %argon checkout main@3" in kernel.run("%argon checkout 3", check=False).text
    refused = kernel.run("%%argon at 3\nprint(1)", check=False).text
    assert "Next:  %%argon at main@3" in refused
    assert "Nearest name" not in refused


def test_a_merge_is_named_once(kernel: Kernel) -> None:
    kernel.run("%argon branch create clean --switch\ndb.birds.delete_one({'_id': 'A001'})")
    kernel.run("%argon merge clean --into main")
    assert "merge of clean@42: 1 delete" in kernel.run("%argon log main").text


def test_a_name_with_any_letters_is_a_name(kernel: Kernel) -> None:
    kernel.run("%argon branch create 'näme-ünï/ß' --switch")
    kernel.run("db.birds.insert_one({'_id': 'Ä'})")
    assert kernel.run("%argon").json("place")["ref"] == "näme-ünï/ß"
    assert kernel.run("argon.db('näme-ünï/ß').birds.find_one('Ä')").text == "{'_id': 'Ä'}"
    assert "+ birds/Ä  added" in kernel.run("%argon diff main").text


def test_diff_log_history_graph(kernel: Kernel) -> None:
    name = project_of(kernel)
    kernel.run("%argon branch create clean --switch")
    kernel.run("db.birds.update_many({'kind': 'adelie'}, {'$set': {'seen': True}})", cell="cell-a")
    kernel.run("db.birds.update_one({'_id': 'G001'}, {'$set': {'mass': 3001.5, 'bill.mm': 31}})")
    kernel.run("db.birds.delete_one({'_id': 'G002'})")
    kernel.run("db.islands.insert_one({'_id': 'Dream'})")
    lines = kernel.run("%argon diff main --limit 50").text.splitlines()
    assert lines[0].startswith("23 of 41 documents differ  main@41 -> clean@")
    assert [line.split() for line in lines[1:4]] == [
        ["collection", "added", "changed", "deleted"],
        ["birds", "0", "21", "1"],
        ["islands", "1", "0", "0"],
    ]
    assert "~ birds/A001  seen: not there -> true" in lines
    assert '~ birds/G001  mass "3001" string -> 3001.5 double, bill.mm 31.0 double -> 31 int' in lines
    assert "- birds/G002  deleted" in lines
    assert "+ islands/Dream  added" in lines
    assert "collection islands created" in lines
    assert (
        kernel.run("%argon diff main --limit 2").text.splitlines()[-1]
        == "2 of 23 shown, --limit 23 shows all"
    )
    assert "No difference" in kernel.run("%argon diff main main@41").text
    assert kernel.run("%argon diff main@0 main").json("diff")["count"] == 40
    log = kernel.run("%argon log")
    assert "20 updates in birds" in log.text
    assert "40 inserts in birds" in log.text
    assert "birds.ipynb [" in log.text
    entries = log.json("log")["entries"]
    assert entries[1]["origin"]["notebook"] == "birds.ipynb"
    assert any(entry["origin"].get("cell") == "cell-a" for entry in entries)
    assert len(kernel.run("%argon log --limit 1").json("log")["entries"]) == 1
    history = kernel.run("%argon history birds G001").text.splitlines()
    assert history[0] == f"{name}/clean birds/G001  2 versions"
    assert [line[0] for line in history[1:] if line[0] != " "] == ["~", "+"]
    graph = kernel.run("%argon graph").data
    assert graph["text/vnd.mermaid"].startswith("flowchart BT")
    assert "[clean *]" in graph["text/plain"]
    assert "[main]" in graph["text/plain"]
    assert graph["image/svg+xml"].startswith("<svg ")


def test_ids_of_other_types_have_a_history_too(kernel: Kernel) -> None:
    kernel.run("from bson import ObjectId\noid = ObjectId('65a1b2c3d4e5f60718293a4b')")
    kernel.run("db.things.insert_many([{'_id': 7}, {'_id': '7'}, {'_id': oid}, {'_id': {'a': 1}}])")
    assert "1 version" in kernel.run("%argon history things 7").text
    assert "1 version" in kernel.run("%argon history things '\"7\"'").text
    assert "1 version" in kernel.run("%argon history things 65a1b2c3d4e5f60718293a4b").text
    assert "1 version" in kernel.run("""%argon history things '{"a": 1}'""").text


def test_a_merge_with_conflicts_answered_one_by_one(kernel: Kernel) -> None:
    kernel.run("%argon branch create clean --switch")
    kernel.run("db.birds.update_many({}, {'$set': {'clean': True}})")
    kernel.run("db.birds.update_one({'_id': 'A001'}, {'$set': {'mass': 1.0}})")
    kernel.run("db.birds.update_one({'_id': 'A002'}, {'$set': {'mass': 2.0, 'kind': 'x'}})")
    kernel.run("db.birds.delete_one({'_id': 'A003'})")
    kernel.run("main = argon.db('main')")
    kernel.run("main.birds.update_one({'_id': 'A001'}, {'$set': {'mass': '10'}})")
    kernel.run("main.birds.update_one({'_id': 'A002'}, {'$set': {'mass': '20', 'kind': 'y'}})")
    kernel.run("main.birds.update_one({'_id': 'A003'}, {'$set': {'mass': '30'}})")
    preview = kernel.run("plan = %argon merge clean --into main --preview\nplan")
    assert "4 conflicts" in preview.text.splitlines()[0]
    assert preview.text.splitlines()[0].startswith("Plan p-")
    assert '! birds/A001  mass: "3001" -> "10" on main, 1.0 on clean' in preview.text
    assert "! birds/A003  deleted on clean, changed on main" in preview.text
    assert "Nothing has been written." in preview.text
    refused = kernel.run("%argon merge clean --into main", check=False)
    assert refused.ename == "ArgonError"
    assert "4 conflicts without an answer" in refused.text
    assert "Code:  PLAN_UNANSWERED" in refused.text
    assert kernel.run("main.birds.find_one('A001')['mass']").text == "'10'"
    kernel.run("%argon merge answer {plan.id} birds/A001 theirs")
    answered = kernel.run("%argon merge answer {plan.id} birds/A002:mass --value 22.5")
    assert "2 answered" in answered.text.splitlines()[0]
    assert "answer: 22.5" in answered.text
    kernel.run("%argon merge answer {plan.id} birds/A002:kind ours")
    kernel.run("%argon merge answer {plan.id} birds/A003 --missing")
    assert kernel.run("%argon merge show {plan.id}").json("plan")["unanswered"] == 0
    kernel.run("%argon merge answer {plan.id} birds/A002:kind --clear")
    still_open = kernel.run("%argon merge apply {plan.id}", check=False)
    assert "1 conflict without an answer" in still_open.text
    kernel.run("%argon merge answer {plan.id} birds/A002:kind ours")
    applied = kernel.run("%argon merge apply {plan.id}")
    assert applied.text.startswith("Merged clean@")
    assert applied.json("applied")["state"] == "applied"
    assert kernel.run("main.birds.find_one('A001')['mass']").text == "1.0"
    assert kernel.run("x = main.birds.find_one('A002'); x['mass'], x['kind']").text == "(22.5, 'y')"
    assert kernel.run("main.birds.find_one('A003')").text == ""
    assert kernel.run("len(list(main.birds.find({'clean': True})))").text == "39"
    again = kernel.run("%argon merge apply {plan.id}", check=False)
    assert "Code:  PLAN_APPLIED" in again.text
    assert "Nothing to merge" in kernel.run("%argon merge clean --into main").text
    wrong = kernel.run("%argon merge answer {plan.id} birds/A9 ours", check=False)
    assert "has no conflict called" in wrong.text


@pytest.mark.parametrize(("rule", "mass"), [("--ours", "'10'"), ("--theirs", "1.0")])
def test_a_merge_by_rule(kernel: Kernel, rule: str, mass: str) -> None:
    kernel.run("%argon branch create clean --switch")
    kernel.run("db.birds.update_one({'_id': 'A001'}, {'$set': {'mass': 1.0}})")
    kernel.run("db.birds.update_one({'_id': 'A002'}, {'$set': {'mass': 2.0}})")
    kernel.run("argon.db('main').birds.update_one({'_id': 'A001'}, {'$set': {'mass': '10'}})")
    # The session's branch is what a merge goes into when nothing is said.
    kernel.run("%argon checkout main")
    kernel.run(f"%argon merge clean {rule}")
    assert kernel.run("x = argon.db('main').birds; x.find_one('A001')['mass']").text == mass
    assert kernel.run("x.find_one('A002')['mass']").text == "2.0"


def test_a_head_that_moved_refuses_the_plan(kernel: Kernel) -> None:
    kernel.run("%argon branch create clean --switch")
    kernel.run("db.birds.delete_one({'_id': 'A001'})")
    kernel.run("plan = %argon merge clean --into main --preview")
    kernel.run("argon.db('main').birds.insert_one({'_id': 'new'})")
    refused = kernel.run("%argon merge apply {plan.id}", check=False)
    assert "Code:  PLAN_STALE" in refused.text
    assert "Next:  %argon merge SRC --preview" in refused.text
    assert kernel.run("argon.db('main').birds.find_one('A001')['_id']").text == "'A001'"


def test_undo(kernel: Kernel) -> None:
    first = kernel.run("db.birds.delete_many({'kind': 'adelie'}).deleted_count")
    assert first.text == "20"
    kernel.run("1 + 1")
    undone = kernel.run("%argon undo --cell")
    assert "20 documents" in undone.text
    assert kernel.run("len(list(db.birds.find()))").text == "40"
    # The undo is a cell's writing too: undone, the birds are gone again.
    kernel.run(f"%argon undo --cell {undone.number}", check=None)
    kernel.run("%argon undo --lsn 42..61 --preview", check=None)
    second = kernel.run("db.birds.update_many({'kind': 'gentoo'}, {'$set': {'mass': 0}})")
    kernel.run("db.birds.update_one({'_id': 'G001'}, {'$set': {'mass': 1}})")
    preview = kernel.run(f"%argon undo --cell {second.number} --preview")
    assert "1 conflict" in preview.text
    refused = kernel.run(f"%argon undo --cell {second.number}", check=False)
    assert "Code:  PLAN_UNANSWERED" in refused.text
    kernel.run(f"%argon undo --cell {second.number} --ours")
    assert (
        kernel.run("db.birds.find_one('G001')['mass'], db.birds.find_one('G002')['mass']").text
        == "(1, '3002')"
    )
    head = int(kernel.run("%argon").json("place")["lsn"])
    kernel.run("db.birds.insert_one({'_id': 'extra'})")
    kernel.run(f"%argon undo --lsn {head + 1}..{head + 1}")
    assert kernel.run("db.birds.find_one('extra')").text == ""
    nothing = kernel.run("%argon undo --cell 99999", check=False)
    assert nothing.ename == "ArgonError"


def test_pick(kernel: Kernel) -> None:
    kernel.run("%argon branch create clean --switch")
    kernel.run("db.birds.update_one({'_id': 'A001'}, {'$set': {'mass': 1}})", cell="cell-pick")
    kernel.run("db.birds.update_one({'_id': 'A002'}, {'$set': {'mass': 2}})")
    kernel.run("%argon checkout main\ndb = argon.db()")
    preview = kernel.run("%argon pick clean --lsn 43 --preview")
    assert preview.text.splitlines()[0] == "Plan p-1: 1 document comes over cleanly, no conflicts"
    assert "pick of clean" in preview.text
    assert preview.json("plan")["kind"] == "pick"
    done = kernel.run("%argon pick clean --cell cell-pick")
    assert done.text.startswith("Picked clean")
    assert done.json("applied")["into"] == "main"
    masses = "[one['mass'] for one in db.birds.find({'_id': {'$in': ['A001', 'A002']}}).sort('_id')]"
    assert kernel.run(masses).text == "[1, '3002']"
    kernel.run("db.birds.update_one({'_id': 'A002'}, {'$set': {'mass': 5}})")
    refused = kernel.run("%argon pick clean --lsn 43", check=False)
    assert "Code:  PLAN_UNANSWERED" in refused.text
    kernel.run("%argon pick clean --lsn 43 --rule theirs:birds:mass")
    assert kernel.run(masses).text == "[1, 2]"
    nothing = kernel.run("%argon pick clean --actor nobody", check=False)
    assert "Code:  NOTHING_TO_DO" in nothing.text
    assert "Next:  %argon log clean" in nothing.text
    both = kernel.run("%argon pick clean --lsn 43 --ours --rule newest", check=False)
    assert "Next:  %argon pick --help" in both.text
    assert "Nearest name: clean" in kernel.run("%argon pick claen --lsn 43", check=False).text
    assert kernel.complete("%argon pick cle") == ["%argon pick clean"]


def test_why(kernel: Kernel) -> None:
    name = project_of(kernel)
    wrote = kernel.run("db.birds.update_one({'_id': 'A001'}, {'$set': {'bill.mm': 5, '<b>': 1}})")
    ran = kernel.run("w = %argon why birds A001\nw")
    head, _, *rows = ran.text.splitlines()
    assert head == f"{name}/main@42 birds/A001  5 fields"
    fields = {".".join(one["path"]): one for one in ran.json("blame")}
    assert list(fields) == ["_id", "kind", "mass", "bill.mm", "<b>"]
    assert (fields["kind"]["lsn"], fields["bill.mm"]["lsn"]) == (2, 42)
    assert fields["bill.mm"]["origin"]["cellNumber"] == wrote.number
    assert any(f"birds.ipynb [{wrote.number}]" in row for row in rows)
    assert "&lt;b&gt;" in ran.data["text/html"]
    assert "<b>" not in ran.data["text/html"]
    assert [one["path"] for one in kernel.run("%argon why birds A001 bill").json("blame")] == [["bill", "mm"]]
    old = kernel.run("%argon why birds A001 bill.mm --at main@41").json("blame")
    assert [one["lsn"] for one in old] == [2]
    assert "there is no field wings" in kernel.run("%argon why birds A001 wings").text
    assert "there is no such document" in kernel.run("%argon why birds nobody").text
    assert "Code:  COLLECTION_NOT_FOUND" in kernel.run("%argon why brids A001", check=False).text
    assert kernel.complete("%argon why bi") == ["%argon why birds"]


def test_why_names_the_run_of_the_cell(kernel: Kernel) -> None:
    kernel.run(
        "db.birds.update_one({'_id': 'A003'}, {'$set': {'mass': 3}})\n"
        "from argon.session import current_session\n"
        "s = current_session()\n"
        "s.client.change('run.register', project=s.project_name, run='run-of-' + s.project_name, ref='main')"
    )
    (mass,) = kernel.run("%argon why birds A003 mass").json("blame")
    assert mass["runs"] == [f"run-of-{project_of(kernel)}"]
    (kind,) = kernel.run("%argon why birds A003 kind").json("blame")
    assert kind["runs"] == []


def test_feed(kernel: Kernel) -> None:
    name = project_of(kernel)
    first = kernel.run("%argon feed --limit 3")
    assert first.text.splitlines()[0] == f"{name}  3 changes behind 0, up to 3 of 41"
    assert "+ collection birds" in first.text
    assert first.text.splitlines()[-1] == "3 changes shown, --after 3 goes on"
    kernel.run("%argon branch create side --switch\nargon.db().birds.delete_one({'_id': 'A001'})")
    kernel.run("argon.db('main').birds.delete_one({'_id': 'A002'})")
    side = kernel.run("%argon feed --after 41 --branch side").json("feed")
    assert [(one["lsn"], one["op"], one["id"]) for one in side["changes"]] == [(42, "delete", "A001")]
    assert kernel.run("%argon feed --after 40 --collection none").json("feed")["changes"] == []
    future = kernel.run("%argon feed --after 999", check=False)
    assert "Code:  LSN_IN_FUTURE" in future.text
    assert kernel.complete("%argon feed --branch si") == ["%argon feed --branch side"]


def test_stale_cells_and_what_to_run_again(kernel: Kernel) -> None:
    kernel.run("%argon branch create cells --switch\ndb = argon.db()")
    kernel.run("db.light.insert_many([b for b in db.birds.find({'kind': 'adelie'})]);", cell="prepare")
    kernel.run("n = len(list(db.light.find()))", cell="use")
    mine = [one for one in kernel.run("%argon stale").json("stale") if one["cell"] in ("prepare", "use")]
    assert mine == []
    # A change that the filter of the read cannot match is no news to the cell.
    kernel.run("db.birds.update_one({'_id': 'G001'}, {'$set': {'mass': 9}})")
    mine = [one for one in kernel.run("%argon stale").json("stale") if one["cell"] in ("prepare", "use")]
    assert mine == []
    changed = kernel.run("db.birds.update_one({'_id': 'A001'}, {'$set': {'mass': 9}})")
    ran = kernel.run("%argon stale")
    (prepare,) = [one for one in ran.json("stale") if one["cell"] in ("prepare", "use")]
    assert prepare["cell"] == "prepare"
    (read,) = prepare["reads"]
    assert (read["branch"], read["collection"]) == ("cells", "birds")
    assert read["changed"]["origin"]["cellNumber"] == changed.number
    assert f"[{prepare['cellNumber']}]" in ran.text
    plan = kernel.run("%argon rerun-plan")
    steps = [one for one in plan.json("rerun-plan") if one["cell"] in ("prepare", "use")]
    assert [(one["cell"], one["stale"]) for one in steps] == [("prepare", True), ("use", False)]
    assert steps[1]["after"] == ["prepare"]
    assert "reads what is made again" in plan.text
    kernel.run("n = len(list(db.birds.find()))", cell="prepare")
    after = kernel.run("%argon stale").json("stale")
    assert [one for one in after if one["cell"] in ("prepare", "use")] == []


def test_runs_are_chosen_and_paged(kernel: Kernel, here: Places) -> None:
    name = project_of(kernel)
    kernel.run("%argon branch create exp")
    with Client(data=here.data) as client:
        for n in range(25):
            facts = {
                "name": f"run {n}",
                "cellNumber": str(n % 5),
                "model": f"forest-{n % 2}",
                "metric.auc": str(n / 100),
            }
            ref = f"{'exp' if n >= 20 else 'main'}@{n + 10}"
            client.call("run.register", project=name, run=f"r{n:02}-of-{name}", ref=ref, facts=facts)

    def found(options: str) -> list[int]:
        return [int(run["id"][1:3]) for run in kernel.run(f"%argon runs {options}").json("runs")]

    assert found("--limit 50") == list(range(24, -1, -1))
    assert found("--branch exp") == [24, 23, 22, 21, 20]
    assert found("--lsn 12..13") == [3, 2]
    assert found("--cell 3 --branch main") == [18, 13, 8, 3]
    assert found("--model forest-1 --lsn 10..14") == [3, 1]
    assert found('--metric "auc>0.2" --metric "auc <= 0.22"') == [22, 21]
    assert found("--metric auc==0.07") == [7]
    assert found("--metric loss<1") == []
    assert "%argon runs shows them all" in kernel.run("%argon runs --metric loss<1").text
    # Page by page, by the line that each page ends with.
    line = "%argon runs --branch main --limit 8"
    seen: list[int] = []
    while line:
        page = kernel.run(line)
        seen += [int(run["id"][1:3]) for run in page.json("runs")]
        last = page.text.splitlines()[-1]
        line = last.split("the next: ")[1] if "the next: " in last else ""
    assert seen == list(range(19, -1, -1))
    assert "8 of 20 runs shown" in kernel.run("%argon runs --branch main --limit 8").text
    as_json = kernel.run("%argon runs --cell 3 --json").data["application/json"]
    assert [run["facts"]["cellNumber"] for run in as_json] == ["3"] * 5
    for wrong in ("--metric auc", "--metric auc>much", "--cell x", "--lsn 9..8"):
        assert "Code:  USAGE" in kernel.run(f"%argon runs {wrong}", check=False).text
    missing = kernel.run("%argon runs --after nothing-like-it", check=False)
    assert "Code:  RUN_NOT_FOUND" in missing.text
    assert kernel.complete("%argon runs --me") == ["%argon runs --metric"]
    assert kernel.complete("%argon runs --metric au") == ["%argon runs --metric auc>"]
    assert kernel.complete("%argon runs --model forest-1") == ["%argon runs --model forest-1"]
    assert kernel.complete("%argon runs --branch ex") == ["%argon runs --branch exp"]
    assert "%argon runs --cell 4" in kernel.complete("%argon runs --cell ")
    # A run far down the list completes by how its id begins.
    assert kernel.complete(f"%argon reproduce r03-of-{name[:4]}") == [f"%argon reproduce r03-of-{name}"]


def test_affected(kernel: Kernel) -> None:
    name = project_of(kernel)
    register = "current_session().client.change('run.register', project={!r}, run={!r}, ref={!r}, facts={{'model': 'm-{}'}})"
    kernel.run("from argon.session import current_session")
    kernel.run("db.birds.update_one({'_id': 'A001'}, {'$set': {'mass': -1}})")
    kernel.run(register.format(name, f"{name}-old", "main@41", "old"), check=None)
    kernel.run(register.format(name, f"{name}-bad", "main@42", "bad"), check=None)
    bad = kernel.run("%argon affected 42")
    assert [one["run"]["id"] for one in bad.json("affected")] == [f"{name}-bad"]
    assert bad.json("affected")[0]["models"] == ["m-bad"]
    assert "1 run saw it" in bad.text
    assert "m-bad" in bad.text
    every = kernel.run("%argon affected birds A001").json("affected")
    assert {one["run"]["id"]: one["version"] for one in every} == {f"{name}-old": 2, f"{name}-bad": 42}
    assert "no run saw it" in kernel.run("%argon affected birds nobody").text
    assert "Code:  USAGE" in kernel.run("%argon affected birds", check=False).text
    assert "Code:  BAD_REQUEST" in kernel.run("%argon affected 1", check=False).text


def test_rules_and_checks(kernel: Kernel) -> None:
    kernel.run("%argon branch create clean")
    kernel.run("argon.db('clean').birds.update_many({'kind': 'adelie'}, {'$set': {'mass': 1, 'seen': 1}})")
    kernel.run("db.birds.update_many({'kind': 'adelie'}, {'$set': {'mass': 2, 'seen': 2}})")
    plan = kernel.run("%argon merge clean --preview --rule newest --rule theirs:birds:seen").json("plan")
    assert (plan["conflicts"], plan["unanswered"]) == (40, 0)
    shown = kernel.run("%argon branch protect main --check schema --check 'no nulls'")
    assert "protected: it takes merges only that passed schema, no nulls" in shown.text
    assert shown.json("branch")["checks"] == ["schema", "no nulls"]
    refused = kernel.run(f"%argon merge apply {plan['id']}", check=False)
    assert "Code:  CHECKS_MISSING" in refused.text
    assert "%argon check PLAN CHECK" in refused.text
    assert kernel.complete("%argon check last sch") == ["%argon check last schema"]
    failed = kernel.run("%argon check last schema --failed --detail '3 nulls <b>'")
    assert "check schema   failed, 3 nulls <b>" in failed.text
    assert "3 nulls &lt;b&gt;" in failed.data["text/html"]
    kernel.run("%argon check last schema")
    assert "failed" not in kernel.run(f"%argon merge show {plan['id']}").text
    still = kernel.run(f"%argon merge apply {plan['id']}", check=False)
    assert "no nulls" in still.text
    kernel.run(f"%argon check {plan['id']} 'no nulls'")
    assert kernel.run(f"%argon merge apply {plan['id']}").json("applied")["state"] == "applied"
    assert kernel.run("db.birds.find_one('A001')['mass'], db.birds.find_one('A001')['seen']").text == "(2, 1)"
    assert "protected, wants schema" in kernel.run("%argon branch").text
    kernel.run("%argon branch protect main --off")


def test_restore_by_a_plan(kernel: Kernel) -> None:
    kernel.run("db.birds.update_many({'kind': 'adelie'}, {'$set': {'mass': 0}})")
    preview = kernel.run("%argon restore plan main@41 --preview")
    assert "20 documents go back cleanly, no conflicts" in preview.text
    assert "to main@41" in preview.text
    one = kernel.run("%argon restore plan main@41 --collection birds --id A001 --id A002")
    assert one.text.startswith("Restored main to main@41  2 documents")
    backup = one.json("applied")["backup"]
    assert f"what was there before stays as {backup}" in one.text
    assert kernel.run("db.birds.count_documents({'mass': 0})").text == "18"
    assert kernel.run(f"argon.db({backup!r}).birds.count_documents({{'mass': 0}})").text == "20"
    kernel.run("%argon restore plan main@41 --collection birds")
    assert kernel.run("db.birds.count_documents({'mass': 0})").text == "0"
    assert "Code:  NOTHING_TO_DO" in kernel.run("%argon restore plan main@41", check=False).text
    assert "Code:  BAD_REQUEST" in kernel.run("%argon restore plan main@41 --id A001", check=False).text


def test_restore(kernel: Kernel) -> None:
    kernel.run("%argon branch create clean --switch")
    kernel.run("db.birds.delete_many({'kind': 'adelie'})")
    preview = kernel.run("%argon restore preview clean@41")
    assert preview.text.startswith("A reset would discard 20 changes")
    backup = preview.json("restore")["backup"]
    assert backup in preview.text
    assert kernel.run("len(list(db.birds.find()))").text == "20"
    applied = kernel.run("%argon restore apply clean@41")
    assert f"what was discarded stays as {backup}" in applied.text
    assert kernel.run("len(list(db.birds.find()))").text == "40"
    assert kernel.run(f"len(list(argon.db({backup!r}).birds.find()))").text == "20"


def test_pins_and_refs(kernel: Kernel) -> None:
    kernel.run("%argon pin gold main@21")
    kernel.run("%argon pin gold main@21 --ensure")
    assert "Code:  PIN_EXISTS" in kernel.run("%argon pin gold main@22", check=False).text
    assert "gold" in kernel.run("%argon pins").text
    assert kernel.run("len(list(argon.db('pin:gold').birds.find()))").text == "20"
    kernel.run("%argon checkout pin:gold")
    assert "read-only, a past state" in kernel.run("%argon").text
    assert kernel.run("len(list(db.birds.find()))").text == "20"
    refused = kernel.run("db.birds.insert_one({'_id': 'x'})", check=False)
    assert refused.ename in ("OperationFailure", "WriteError", "BulkWriteError")
    needs_branch = kernel.run("%argon undo --cell", check=False)
    assert "Code:  READ_ONLY" in needs_branch.text
    kernel.run("%argon checkout main")
    kernel.run("%argon pin gold --delete")
    assert "No pins yet" in kernel.run("%argon pins").text
    assert "Code:  PIN_NOT_FOUND" in kernel.run("%argon pin gold --delete", check=False).text
    assert kernel.run("%argon pin gold --delete --ensure").text == "pin:gold  there is no such pin"
    for wrong, code in (
        ("mian", "REF_NOT_FOUND"), ("main@99999", "LSN_IN_FUTURE"), ("pin:nope", "PIN_NOT_FOUND"), ("main@x", "REF_INVALID"),
    ):  # fmt: skip
        assert f"Code:  {code}" in kernel.run(f"%argon checkout {wrong}", check=False).text


def test_an_error_stops_run_all_without_a_traceback(kernel: Kernel) -> None:
    name = project_of(kernel)
    kernel.run("%argon branch create clean-nulls")
    first = kernel.send("%argon checkout clean-nuls")
    second = kernel.send("print('still running')")
    refused = kernel.wait(first)
    assert refused.status == "error"
    assert refused.ename == "ArgonError"
    lines = refused.text.splitlines()
    assert lines[0].startswith("ArgonError: ")
    assert "clean-nuls" in lines[0]
    assert name in lines[0]
    assert lines[1:] == [
        "Nearest name: clean-nulls",
        "Next:  %argon checkout clean-nulls",
        "       %argon branch list",
        "Code:  REF_NOT_FOUND",
    ]
    assert kernel.wait(second).status == "aborted"
    typo = kernel.run("%argon chekout main", check=False)
    assert "Nearest name: checkout" in typo.text


def test_cells_know_what_they_did(kernel: Kernel) -> None:
    wrote = kernel.run(
        "db.birds.delete_one({'_id': 'A001'}); list(db.birds.find({'kind': 'gentoo'}))[0]['_id']"
    )
    (line,) = [
        line for line in kernel.run("%argon cells").text.splitlines() if line.startswith(f"[{wrote.number}]")
    ]
    assert "birds of main@" in line
    assert "(1 delete)" in line
    (activity,) = [
        one for one in kernel.run("%argon cells").json("cells") if one.get("cellNumber") == wrote.number
    ]
    assert activity["writes"][0]["deletes"] == 1
    assert len(activity["reads"][0]["digest"]) == 32


def test_a_frame_is_one_read_of_its_documents(kernel: Kernel) -> None:
    read = kernel.run("len(argon.read(None, 'birds').to_pandas())")
    assert read.text == "40"
    cells = kernel.run("%argon cells --limit 3").json("cells")
    (activity,) = [one for one in cells if one.get("cellNumber") == read.number]
    assert [one["documents"] for one in activity["reads"]] == [40]


def test_a_cell_at_another_state(kernel: Kernel) -> None:
    kernel.run("db.birds.delete_many({'kind': 'adelie'})")
    ran = kernel.run("%%argon at main@41\nthen = len(list(db.birds.find()))\nthen")
    assert ran.text == "40"
    assert kernel.run("then, len(list(db.birds.find()))").text == "(40, 20)"
    failed = kernel.run("%%argon at main@41\nx = 1\n1 / 0", check=False)
    assert failed.ename == "ZeroDivisionError"
    assert "1 / 0" in failed.text
    assert "run_body" not in failed.text
    assert kernel.run("%argon").json("place")["ref"] == "main"
    assert "Code:  REF_NOT_FOUND" in kernel.run("%%argon at nowhere\n1", check=False).text
    assert kernel.run("%%argon at main@41\n%argon log --limit 1\n'quiet';").text == ""


def test_a_cell_on_a_branch(kernel: Kernel) -> None:
    made = kernel.run(
        "%%argon branch exp/scale --ttl 1d\ndb.birds.delete_many({'kind': 'adelie'}).deleted_count"
    )
    lines = made.text.splitlines()
    assert lines[:2] == ["20", "On exp/scale, made from main@41: 20 documents changed"]
    assert lines[-1] == "to bring it here: %argon merge exp/scale"
    assert made.json("visit")["from"] == "main@41"
    assert "made from" in made.data["text/html"]
    assert kernel.run("db.birds.count_documents({})").text == "40"
    assert kernel.run("%argon").json("place")["ref"] == "main"
    (branch,) = [
        one for one in kernel.run("%argon branch list").json("branches")["branches"] if not one["isDefault"]
    ]
    assert branch["name"] == "exp/scale"
    assert branch["expiresAt"]
    # Again: the branch is there now, and is what the cell left.
    again = kernel.run("%%argon branch exp/scale\ndb.birds.count_documents({})")
    assert again.text.splitlines() == ["20", "On exp/scale: 0 documents changed"]
    assert not again.json("visit")["made"]
    older = kernel.run("%%argon branch old --from main@21\ndb.birds.count_documents({})")
    assert older.text.splitlines() == ["20", "On old, made from main@21: 0 documents changed"]
    failed = kernel.run("%%argon branch exp/scale\ndb.birds.delete_one({'_id': 'G001'})\n1 / 0", check=False)
    assert failed.ename == "ZeroDivisionError"
    assert "1 / 0" in failed.text
    assert "run_within" not in failed.text
    assert kernel.run("%argon").json("place")["ref"] == "main"
    assert kernel.run("len(argon.read('exp/scale', 'birds').to_pandas())").text == "19"
    shown = kernel.run("%%argon branch exp/scale --json\n1;")
    assert shown.data["application/json"]["count"] == 0
    past = kernel.run("%%argon branch main@21\n1", check=False).text
    assert past.splitlines() == [
        "ArgonError: main@21 is a past state, and this needs a branch",
        "Next:  %%argon at main@21",
        "Code:  READ_ONLY",
    ]
    for wrong, error in (
        ("--from nowhere x", "REF_NOT_FOUND"),
        ("a:b", "NAME_INVALID"),
        ("", "USAGE"),
    ):
        assert f"Code:  {error}" in kernel.run(f"%%argon branch {wrong}\n1", check=False).text
    names = {one["name"] for one in kernel.run("%argon branch list").json("branches")["branches"]}
    assert names == {"main", "exp/scale", "old"}


def test_cells_elsewhere_nest_and_are_timed(kernel: Kernel) -> None:
    nested = kernel.run(
        "%%time\n%%argon branch side\n%%argon sandbox\ndb.birds.delete_many({})\n"
        "left = db.birds.count_documents({})"
    )
    lines = nested.text.splitlines()
    assert lines[0] == "Sandbox of side@41: 40 documents changed, then discarded"
    assert "On side, made from main@41: 0 documents changed" in lines
    assert any(line.startswith("Wall time: ") for line in lines)
    timed = kernel.run(
        "%%argon branch side\n%%time\ndb.birds.delete_one({'_id': 'A001'})\n%argon log --limit 1"
    )
    assert any(line.startswith("Wall time: ") for line in timed.text.splitlines())
    assert "On side: 1 document changed" in timed.text
    then = kernel.run(
        "%%argon branch side\n%%argon at main@21\nthen = db.birds.count_documents({})", check=True
    )
    assert "On side: 0 documents changed" in then.text
    assert kernel.run("left, then, db.birds.count_documents({})").text == "(0, 20, 40)"
    assert kernel.run("%argon").json("place")["ref"] == "main"


def test_cells_elsewhere_may_await(kernel: Kernel) -> None:
    kernel.run(
        "import asyncio\nasync def count():\n    await asyncio.sleep(0.01)\n    return db.birds.count_documents({})"
    )
    assert kernel.run("%%argon at main@21\nn = await count()\nawait count()").text == "20"
    assert kernel.run("n, await count()").text == "(20, 40)"
    ran = kernel.run(
        "%%argon branch side\nasync for one in (i async for i in _once()):\n    pass", check=False
    )
    assert ran.ename == "NameError"
    boxed = kernel.run(
        "%%argon branch side\n%%argon sandbox\ndb.birds.delete_many({'kind': 'adelie'})\nleft = await count()\nleft"
    )
    assert boxed.text.splitlines()[0] == "20"
    assert "Sandbox of side@41: 20 documents changed, then discarded" in boxed.text
    assert "On side: 0 documents changed" in boxed.text
    failed = kernel.run("%%argon at main@21\nawait count()\n1 / 0", check=False)
    assert failed.ename == "ZeroDivisionError"
    assert "1 / 0" in failed.text
    assert "run_awaiting" not in failed.text
    refused = kernel.run("%%argon at mian\nawait count()", check=False)
    assert refused.text.splitlines()[1:3] == ["Nearest name: main", "Next:  %%argon at main"]
    assert kernel.run("%argon").json("place")["ref"] == "main"
    kernel.run("%autoawait off")
    off = kernel.run("%%argon at main@21\nawait count()", check=False)
    assert "Next:  %autoawait on" in off.text
    kernel.run("%autoawait on")
    # A string that says await awaits nothing.
    assert kernel.run("%%argon at main@21\n'await'").text == "'await'"


def test_a_sandbox_is_thrown_away_or_kept(kernel: Kernel) -> None:
    ran = kernel.run("%%argon sandbox\ndb.birds.update_many({'kind': 'gentoo'}, {'$set': {'outlier': True}})")
    lines = ran.text.splitlines()
    assert lines[0].startswith("UpdateResult(")
    assert lines[1] == "Sandbox of main@41: 20 documents changed, then discarded"
    assert lines[2] == "~ birds/G001  outlier: not there -> true"
    assert kernel.run("list(db.birds.find({'outlier': True}))").text == "[]"
    kept = kernel.run("%%argon sandbox --keep try\ndb.birds.delete_one({'_id': 'A001'})")
    assert "1 document changed, kept as try" in kept.text
    assert kernel.run("%argon").json("place")["ref"] == "main"
    branches = kernel.run("%argon branch list").json("branches")["branches"]
    assert {branch["name"] for branch in branches} == {"main", "try"}
    assert not any(branch.get("expiresAt") for branch in branches)
    taken = kernel.run("%%argon sandbox --keep try\n1", check=False)
    assert "Code:  BRANCH_EXISTS" in taken.text
    failed = kernel.run("%%argon sandbox --keep other\ndb.birds.delete_many({})\n1 / 0", check=False)
    assert failed.ename == "ZeroDivisionError"
    branches = kernel.run("%argon branch list").json("branches")["branches"]
    assert {branch["name"] for branch in branches} == {"main", "try"}


def test_an_exception_throws_the_sandbox_away_and_says_what(kernel: Kernel) -> None:
    lose = "db.birds.delete_many({'kind': 'gentoo'})"
    for first, last, error in (
        ("", "1 / 0", "ZeroDivisionError"),
        ("%%time\n", "1 / 0", "ZeroDivisionError"),
        ("", "import asyncio\nawait asyncio.sleep(0)\n1 / 0", "ZeroDivisionError"),
        ("", "%argon checkout nowhere", "ArgonError"),
        ("", "raise SystemError('<b>')", "SystemError"),
    ):
        failed = kernel.run(f"{first}%%argon sandbox --keep other\n{lose}\n{last}", check=False)
        assert failed.ename == error
        told = failed.json("sandbox")
        assert (told["count"], told["kept"], told["error"]) == (20, None, error)
        lines = failed.text.splitlines()
        assert f"Sandbox of main@41: 20 documents changed, discarded because of {error}" in lines
        assert "- birds/G001  deleted" in lines
        assert "main is as it was" in lines
        assert len([line for line in lines if line.startswith("Sandbox of")]) == 1
    # A cell that is no Python never had a sandbox.
    assert "Sandbox of" not in kernel.run("%%argon sandbox\n1 +", check=False).text
    nested = kernel.run(f"%%argon branch side\n%%time\n%%argon sandbox\n{lose}\n1 / 0", check=False)
    lines = nested.text.splitlines()
    assert "Sandbox of side@41: 20 documents changed, discarded because of ZeroDivisionError" in lines
    assert (
        "On side, made from main@41: 0 documents changed before ZeroDivisionError; what was written stays there"
        in lines
    )
    half = kernel.run("%%argon branch side\ndb.birds.delete_one({'_id': 'A001'})\n1 / 0", check=False)
    assert (
        "On side: 1 document changed before ZeroDivisionError; what was written stays there"
        in half.text.splitlines()
    )
    assert kernel.run("%argon").json("place")["ref"] == "main"
    names = [one["name"] for one in kernel.run("%argon branch list").json("branches")["branches"]]
    assert sorted(names) == ["main", "side"]


def test_an_exception_in_a_block_of_a_sandbox_is_told_with_it(kernel: Kernel) -> None:
    failed = kernel.run("with argon.sandbox() as box:\n    db.birds.delete_many({})\n    1 / 0", check=False)
    assert failed.ename == "ZeroDivisionError"
    if kernel.run("import sys\nsys.version_info >= (3, 11)").text == "True":
        assert "40 documents changed, discarded because of ZeroDivisionError" in failed.text
    assert kernel.run("box.diff.count, type(box.error).__name__").text == "(40, 'ZeroDivisionError')"
    refused = kernel.run(
        "with argon.sandbox() as box:\n    db.birds.delete_many({})\n    argon.checkout('mian')", check=False
    )
    assert "40 documents changed, discarded because of ArgonError" in refused.text
    assert "Code:  REF_NOT_FOUND" in refused.text
    assert kernel.run("db.birds.count_documents({})").text == "40"


def test_an_interrupt_throws_the_sandbox_away_and_says_what(kernel: Kernel) -> None:
    # A kernel notices the interrupt of a cell that awaits when its loop turns.
    for wait in ("time.sleep(60)", "for _ in range(600): await asyncio.sleep(0.1)"):
        sent = kernel.send(
            "%%argon sandbox\nimport asyncio, time\ndb.birds.delete_many({})\n"
            f"print('deleted', flush=True)\n{wait}"
        )
        kernel.wait_for_text(sent, "deleted")
        begin = time.monotonic()
        kernel.manager.interrupt_kernel()
        ran = kernel.wait(sent)
        assert time.monotonic() - begin < 10
        assert ran.ename in ("KeyboardInterrupt", "CancelledError")
        assert "40 documents changed, discarded because the cell was interrupted" in ran.text
        assert kernel.run("db.birds.count_documents({})").text == "40"


def test_a_sandbox_does_not_make_its_cell_stale(kernel: Kernel) -> None:
    for code in (
        "%%argon sandbox\nlen(list(db.birds.find()))",
        "with argon.sandbox():\n    db.birds.delete_one({'_id': 'A001'}); len(list(db.birds.find()))",
    ):
        kernel.run(code, cell="box")
        assert "box" not in [one["cell"] for one in kernel.run("%argon stale").json("stale")]


def test_the_same_from_python(kernel: Kernel) -> None:
    assert kernel.run("with argon.at('main@21'):\n    n = len(list(db.birds.find()))\nn").text == "20"
    kernel.run("with argon.sandbox() as box:\n    db.birds.delete_one({'_id': 'A001'})")
    assert kernel.run("box.diff.count, len(list(db.birds.find()))").text == "(1, 40)"
    assert (
        kernel.run("argon.read('main@21', 'birds', {'kind': 'adelie'}, ['mass']).to_pandas().shape").text
        == "(20, 2)"
    )
    assert "mongodb://" in kernel.run("argon.uri('main@21')").text
    assert kernel.run("argon.db().client[argon.db().name].birds.name").text == "'birds'"


def test_json_everywhere(kernel: Kernel) -> None:
    kernel.run("%argon branch create clean --switch")
    kernel.run("db.birds.delete_one({'_id': 'A001'})")
    for verb in (
        "", "branch list", "diff main", "log", "graph", "pins", "runs", "cells", "status", "metrics", "health",
        "history birds A002", "restore preview main", "merge clean --into main --preview", "why birds A002", "feed --limit 2", "stale", "rerun-plan", "affected birds A002",
        "pick clean --lsn 42 --into main --preview", "restore plan main@41 --preview --branch clean", "undo --preview", "projects",
    ):  # fmt: skip
        ran = kernel.run(f"x = %argon {verb} --json\nx")
        assert json.loads(ran.data["text/plain"]) == ran.data["application/json"], verb
        assert "text/html" not in ran.data


def test_gc(kernel: Kernel) -> None:
    for mass in range(5):
        kernel.run(f"db.birds.update_one({{'_id': 'A002'}}, {{'$set': {{'mass': {mass}}}}})")
    shown = kernel.run("%argon gc --keep-lsns 2")
    assert "would be given back" in shown.text
    assert "nothing was changed; --apply does it" in shown.text
    assert kernel.run("%argon gc --keep-lsns 2").json("gc")["rows"] == shown.json("gc")["rows"]
    done = kernel.run("%argon gc --keep-lsns 2 --apply")
    assert done.json("gc")["rows"]["versions"] == shown.json("gc")["rows"]["versions"] > 0
    assert "would" not in done.text
    assert "is no longer kept" in kernel.run("%argon diff main@3 main", check=False).text
    assert kernel.run("db.birds.find_one({'_id': 'A002'})['mass']").text == "4"


def test_health_and_status(kernel: Kernel) -> None:
    assert kernel.run("%argon health").text.startswith("Everything works")
    assert kernel.run("%argon status").text.startswith("The bridge is well")
    assert kernel.run("%argon metrics").json("metrics")["projects"] >= 1


def test_tab(kernel: Kernel, here: Places) -> None:
    name = project_of(kernel)
    for branch in ("exp/scale-features", "exp/relabel", "clean-nulls"):
        kernel.run(f"%argon branch create {branch}")
    kernel.run("%argon pin v1-paper")
    assert kernel.complete("%argon chec") == ["%argon checkout", "%argon check"]
    assert kernel.complete("%argon checkout exp/sc") == ["%argon checkout exp/scale-features"]
    assert kernel.complete("b = %argon branch create x --from clean-") == [
        "b = %argon branch create x --from clean-nulls"
    ]
    assert "%argon checkout pin:v1-paper" in kernel.complete("%argon checkout pin:")
    assert kernel.complete("%argon history bi") == ["%argon history birds"]
    assert kernel.complete("%%argon at ma") == ["%%argon at main"]
    assert kernel.complete("%%argon br") == ["%%argon branch"]
    assert kernel.complete("%%argon branch exp/rel") == ["%%argon branch exp/relabel"]
    assert kernel.complete("%%argon branch y --from pin:v1") == ["%%argon branch y --from pin:v1-paper"]
    assert kernel.complete("%%argon branch y --t") == ["%%argon branch y --ttl"]
    assert kernel.complete(f"%argon use {name[:-2]}") == [f"%argon use {name}"]
    assert kernel.complete("%argon branch create y --en") == ["%argon branch create y --ensure"]
    # What is unknown offers no names of Python.
    assert kernel.complete("%argon checkout zzz") == ["%argon checkout zzz"]
    kernel.run("%argon branch create 'two words'")
    assert kernel.complete("%argon checkout two") == ["%argon checkout 'two words'"]
    assert kernel.complete("%argon checkout 'two wo") == ["%argon checkout 'two words'"]
    assert kernel.complete("%argon diff 'two words' exp/sc") == ["%argon diff 'two words' exp/scale-features"]
    # The rest of Python completes as ever.
    assert "import argon" in kernel.complete("import argo")
    with Client(data=here.data) as client:
        assert client.project(name).branches.page(limit=2)["total"] == 5


def test_help_is_at_hand(kernel: Kernel) -> None:
    assert "merge SRC [--into DST]" in kernel.run("%argon --help").text
    assert "COLLECTION/ID:PATH" in kernel.run("%argon merge --help").text
    for verb in ("at", "branch", "sandbox"):
        assert f"usage: %%argon {verb} " in kernel.run(f"%%argon {verb} --help\n1").text
    pager = kernel.client.execute("%argon?")
    reply = kernel.client.get_shell_msg(timeout=20)
    while reply["parent_header"]["msg_id"] != pager:
        reply = kernel.client.get_shell_msg(timeout=20)
    (page,) = reply["content"]["payload"]
    assert "Branch, travel through and merge" in page["data"]["text/plain"]


def test_a_cell_that_was_taken_back_says_so(kernel: Kernel) -> None:
    first = kernel.run("r = db.birds.update_one({'_id': 'A001'}, {'$set': {'mass': 1}})").number
    second = kernel.run("r = db.birds.update_one({'_id': 'A002'}, {'$set': {'mass': 1}})").number
    assert f"Undone cell [{second}], 43 on main  1 document" in kernel.run("%argon undo").text
    fates = {one["cellNumber"]: one["writes"] for one in kernel.run("%argon cells").json("cells")}
    assert fates[second][0]["fate"] == "undone"
    assert "fate" not in fates[first][0]
    assert "main 43 (1 update), undone" in kernel.run("%argon cells").text
    # Without a choice it goes on with what still stands.
    assert f"Undone cell [{first}], 42 on main" in kernel.run("%argon undo").text
    assert "mass: 1" not in kernel.run("%argon diff main@41 main").text
    assert f"Nothing is left of cell [{first}], 42" in kernel.run(f"%argon undo --cell {first}").text


def test_only_cells_with_data_count_against_the_limit(kernel: Kernel) -> None:
    kernel.run("r = db.birds.find_one()")
    kernel.run("%argon log")
    shown = kernel.run("%argon cells --limit 1")
    assert len(shown.json("cells")) == 1
    assert "birds of main@41 (1 doc)" in shown.text
    total = len(kernel.run("%argon cells --limit 500").json("cells"))
    assert f"1 of {total} cells shown, --limit {total} shows all" in shown.text


def test_a_cell_of_a_sandbox_goes_stale_with_what_the_sandbox_was_made_from(kernel: Kernel) -> None:
    box = kernel.run(
        "%%argon sandbox\nn = len(list(db.birds.find({'kind': 'adelie'})))\nr = db.birds.delete_many({})"
    ).number
    cells = kernel.run("%argon cells --limit 1").text
    assert "birds of a sandbox of main@41 (20 docs)" in cells
    assert "(40 deletes), gone" in cells
    kernel.run("r = db.birds.update_one({'_id': 'G001'}, {'$set': {'mass': 1}})")
    assert box not in [one["cellNumber"] for one in kernel.run("%argon stale").json("stale")]
    kernel.run("r = db.birds.update_one({'_id': 'A001'}, {'$set': {'mass': 1}})")
    stale = kernel.run("%argon stale")
    assert [one["cellNumber"] for one in stale.json("stale") if one["cellNumber"] == box] == [box]
    assert "birds of main@41" in stale.text


def test_a_body_that_is_no_python_is_shown_without_our_frames(kernel: Kernel) -> None:
    for code in ("%%argon sandbox\nx = 1 +", "%%time\n%%argon sandbox\nx = 1 +"):
        ran = kernel.run(code, check=False)
        assert "SyntaxError: invalid syntax" in ran.text
        assert "run_cell_magic" not in ran.text
        assert "body.py" not in ran.text


def test_what_was_probably_meant_can_be_typed_as_it_stands(kernel: Kernel) -> None:
    kernel.run("%argon branch create 'exp one'")
    refused = kernel.run("%argon branch create new --from exp_one", check=False).text
    assert "Next:  %argon branch create new --from 'exp one'" in refused
    refused = kernel.run("%argon checkout 'exp_one@41'", check=False).text
    assert "Next:  %argon checkout 'exp one@41'" in refused
    refused = kernel.run("%argon history brids A001", check=False).text
    assert "Nearest name: birds" in refused
    assert "Next:  %argon history birds A001" in refused
    assert "no document with this _id" in kernel.run("%argon history birds A999").text
    kernel.run("%argon pin first")
    assert "Next:  add --ensure" in kernel.run("%argon pin first", check=False).text


def test_advice_fits_the_verb(kernel: Kernel) -> None:
    kernel.run("%argon branch create one\n%argon branch create two")
    assert "add --ensure" in kernel.run("%argon branch create one", check=False).text
    refused = kernel.run("%argon branch rename one two", check=False).text
    assert "choose another name" in refused
    assert "--ensure" not in refused
    unknown = kernel.run("%argon affected brids A001", check=False).text
    assert "no run saw a collection brids, and there is none in main" in unknown
    assert "Next:  %argon affected birds A001" in unknown
    assert "no run saw it" in kernel.run("%argon affected birds A001").text


def test_a_name_of_any_length_does_not_push_the_table_off_the_page(kernel: Kernel) -> None:
    kernel.run(f"%argon branch create {'x' * 200}")
    listed = kernel.run("%argon branch list")
    assert max(len(line) for line in listed.text.splitlines()) < 140
    assert any(one["name"] == "x" * 200 for one in listed.json("branches")["branches"])
