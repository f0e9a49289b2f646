"""The client for coroutines: the same verbs, many at once, and a loop that nobody holds up."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import argon
import pytest
from argon import aio, client
from argon.aio import AsyncClient, AsyncProject
from argon.errors import ArgonError
from conftest import bridge_pids, kill_bridge_of

Value = TypeVar("Value")


def run(work: Coroutine[Any, Any, Value]) -> Value:
    return asyncio.run(asyncio.wait_for(work, 60))


async def filled(here: AsyncClient, name: str, count: int = 3) -> AsyncProject:
    project = await here.projects.create(name)
    things = (await here.database(name))["things"]
    await things.insert_many([{"_id": number, "n": number} for number in range(count)])
    return project


@pytest.mark.parametrize(
    "name", [name for name in client.__all__ if name not in ("Client", "Events")], ids=lambda name: name
)
def test_every_verb_has_its_namesake(name: str) -> None:
    ours, theirs = getattr(client, name), getattr(aio, f"Async{name}")
    public = [verb for verb in dir(ours) if not verb.startswith("_")]
    assert public == [verb for verb in dir(theirs) if not verb.startswith("_")]
    for verb in public:
        one, other = inspect.getattr_static(ours, verb), inspect.getattr_static(theirs, verb)
        if inspect.isfunction(one):
            assert list(inspect.signature(one).parameters) == list(inspect.signature(other).parameters), verb


def test_a_branch_is_made_changed_compared_and_merged(here: object) -> None:
    async def story() -> None:
        async with AsyncClient() as mine:
            project = await filled(mine, "aio-story")
            assert (await project.info())["defaultBranch"] == "main"
            branch = await project.branches.create("exp", from_="main")
            things = (await branch.db())["things"]
            await things.update_one({"_id": 1}, {"$set": {"n": 10}})
            await things.delete_one({"_id": 2})
            assert sorted([one.name for one in await project.branches.list()]) == ["exp", "main"]
            difference = await branch.diff()
            assert [document["op"] async for document in difference] == ["update", "delete"]
            plan = await branch.merge()
            assert (plan.state, plan.unanswered) == ("applied", 0)
            assert [one["n"] async for one in (await mine.database("aio-story"))["things"].find()] == [0, 10]
            assert (await branch.refresh()).ahead == 0
            assert [change["lsn"] async for change in project.feed(4)] == [5, 6, 7, 8]
            blamed = [one async for one in project.blame("main", "things", {"$numberInt": "1"})]
            assert [one["lsn"] for one in blamed] == [3, 7]
            undo = await (await project.branch("main")).undo(lsn=(7, 8))
            assert [document["op"] async for document in undo.documents()] == ["update", "insert"]
            await undo.apply()
            with pytest.raises(ArgonError) as caught:
                await project.branch("nowhere")
            assert caught.value.code == "BRANCH_NOT_FOUND"

    run(story())


def test_requests_of_many_coroutines_go_over_one_connection(here: object) -> None:
    async def story() -> None:
        async with AsyncClient() as mine:
            project = await filled(mine, "aio-many")
            names = [f"b-{number}" for number in range(100)]
            made = await asyncio.gather(*(project.branches.create(name) for name in names))
            assert sorted(branch.name for branch in made) == sorted(names)
            assert len(await project.branches.list()) == 101

    run(story())


def test_the_loop_goes_on_while_a_bridge_starts(home: Path) -> None:
    async def story() -> float:
        longest = 0.0

        async def tick() -> None:
            nonlocal longest
            while True:
                before = time.monotonic()
                await asyncio.sleep(0.01)
                longest = max(longest, time.monotonic() - before)

        ticking = asyncio.create_task(tick())
        async with AsyncClient() as mine:
            begun = time.monotonic()
            assert await mine.projects.list() == []
            took = time.monotonic() - begun
        ticking.cancel()
        assert bridge_pids(home)
        return longest / took

    # A start that held up the loop would be one tick as long as all of it.
    assert run(story()) < 0.9


def test_a_cancelled_coroutine_leaves_the_connection_to_the_others(here: object) -> None:
    async def story() -> None:
        async with AsyncClient() as mine:
            project = await filled(mine, "aio-cancel")
            head = (await project.info())["head"]
            waiting = [asyncio.create_task(project.feed(head).page(wait_ms=20_000)) for _ in range(3)]
            connection = mine.link.connect(time.monotonic() + 5)
            await asyncio.sleep(0.2)
            for one in waiting[:2]:
                one.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting[0]
            await (await mine.database("aio-cancel"))["things"].insert_one({"_id": 9})
            assert [change["lsn"] for change in (await waiting[2])["changes"]] == [head + 1]
            assert mine.link.connect(time.monotonic() + 5) is connection

    run(story())


def test_a_bridge_that_was_killed_is_started_again(home: Path) -> None:
    async def story() -> None:
        async with AsyncClient() as mine:
            await filled(mine, "aio-heal")
            await asyncio.to_thread(kill_bridge_of, home)
            assert [project["name"] for project in await mine.projects.list()] == ["aio-heal"]

    run(story())


def test_events_come_as_they_happen(here: object) -> None:
    async def first(events: AsyncIterator[Any], kind: str) -> Any:
        async for event in events:
            if event["type"] == kind:
                return event
        raise AssertionError("the events ended")

    async def story() -> None:
        async with AsyncClient() as mine:
            project = await filled(mine, "aio-events")
            async with mine.events("aio-events") as events:
                assert await events.next(0.01) is None
                coming = asyncio.create_task(first(events, "branch"))
                await project.branches.create("exp")
                assert (await asyncio.wait_for(coming, 10))["project"] == "aio-events"
                closed = asyncio.create_task(first(events, "never"))
                await asyncio.sleep(0.05)
                await events.close()
                with pytest.raises(AssertionError, match="ended"):
                    await asyncio.wait_for(closed, 10)

    run(story())


def test_it_is_there_by_its_name_and_closed_for_good(here: object) -> None:
    async def story() -> None:
        mine = argon.AsyncClient()
        assert (await mine.status())["projects"] >= 0
        await mine.close()
        with pytest.raises(ArgonError) as caught:
            await mine.projects.list()
        assert caught.value.code == "CLOSED"

    run(story())
