"""Every step notices that Redis has lost something, does nothing, and PostgreSQL answers."""

def _places() -> list[str]:
    return ["rev", *(f"{kind} {n}" for kind in ("index", "expiring") for n in range(len(keys.VIEWS)))]


async def _lose(store: Store, place: str) -> None:
    names, client = protocol(store).keys, store.redis.client
    if place == "rev":
        await client.delete(names.rev)
        return
    kind, _, number = place.partition(" ")
    key = (names.indexes if kind == "index" else names.expiring)[int(number)]
    await client.zrem(key, keys.BEACON)


STEPS: dict[str, Callable[[Protocol, Task], Awaitable[Any]]] = {
    "mark": lambda protocol, task: protocol.mark(LATER, task, visible=True, transaction=TRANSACTION),
    "publish": lambda protocol, task: protocol.publish(EARLIER, task, visible=False),
    "abort": lambda protocol, task: protocol.abort(EARLIER, task, visible=False),
    "add": lambda protocol, task: protocol.add(LATER, [task]),
    "lease": lambda protocol, task: protocol.lease("b", [task.id], scrub=True),
    "fill": lambda protocol, task: protocol.fill("a", {task.id: task}),
    "scrub": lambda protocol, task: protocol.scrub("a", task.id, None),
    "sweep": lambda protocol, _task: protocol.sweep(),
}


async def test_every_step_notices_that_something_is_lost_and_does_nothing(store: Store) -> None:
    for place in _places():
        await ensure_index(store, force=True)
        task, other = await create(store, 2)
        await mark(store, EARLIER, task)
        await protocol(store).lease("a", [other.id])
        await _lose(store, place)
        before = await _snapshot(store)
        for step in STEPS.values():
            for one_ in (task, other):
                with pytest.raises(IndexLost):
                    await step(protocol(store), one_)
        assert await _snapshot(store) == before


async def _snapshot(store: Store) -> dict[bytes, Any]:
    client = store.redis.client
    found: dict[bytes, Any] = {}
    async for key in client.scan_iter():
        kind = await client.type(key)
        found[key] = await (client.get(key) if kind == b"string" else client.zrange(key, 0, -1, withscores=True))
    return found


@pytest.mark.parametrize("view", range(len(keys.VIEWS)))
@pytest.mark.parametrize("what", ["rev", "index", "expiring"])
async def test_a_page_notices_that_its_index_is_lost(store: Store, view: int, what: str) -> None:
    await _lose(store, what if what == "rev" else f"{what} {view}")
    with pytest.raises(IndexLost):
        await sorted_index.page(store.redis, protocol(store).keys, Range(5, status=keys.VIEWS[view]))


async def test_a_read_notices_that_redis_was_emptied(store: Store) -> None:
    task = await one(store)
    await store.redis.client.flushdb()
    with pytest.raises(IndexLost):
        await Tasks(store).tasks_by_id([task.id])
    assert store.index_missing.is_set()
    assert not store.ready
    assert await store.redis.client.dbsize() == 0


async def test_a_write_into_a_lost_index_changes_nothing(store: Store) -> None:
    task = await one(store)
    await store.redis.client.flushdb()
    for write in (
        Tasks(store).update_task(task.id, {"title": "No"}),
        Tasks(store).delete_task(task.id),
        Tasks(store).create_task(new_task()),
        Tasks(store).create_tasks([new_task(), new_task()]),
    ):
        store.index_missing.clear()
        with pytest.raises(IndexLost):
            await write
        assert store.index_missing.is_set()
    assert await ensure_index(store) == 1
    assert (await Tasks(store).task_page(Range(5))).tasks == [task]
