"""When Redis fails in the middle of a write."""

class Failing(Redis):
    """A Redis whose connection breaks at one step: before it arrives, or before its reply does."""

    def __init__(self, url: str, verb: Verb, *, arrives: bool) -> None:
        super().__init__(url)
        self._verb, self._arrives = verb, arrives

    async def script(self, verb: Verb, keys: Any, *arguments: Argument) -> Any:
        if verb != self._verb or self._arrives:
            reply = await super().script(verb, keys, *arguments)
        if verb == self._verb:
            raise CacheUnavailable
        return reply


@pytest.mark.parametrize("arrives", [False, True])
async def test_a_write_is_acknowledged_although_its_publish_failed(
    store: Store, database: Database, redis_url: str, arrives: bool
) -> None:
    task, gone = await create(store, 2)
    await Tasks(store).task_page(Range(5))
    async with Failing(redis_url, "publish", arrives=arrives) as redis:
        failing = Store(database, redis, Accounting())
        failing.use(protocol(store).keys.epoch)
        updated = await Tasks(failing).update_task(task.id, {"title": "Newer", "status": "DONE"})
        await Tasks(failing).delete_task(gone.id)
        created = await Tasks(failing).create_task(new_task())
        assert failing.accounting.publishes_lost == 3
    for _ in range(2):
        request = Tasks(store)
        assert await request.tasks_by_id([task.id, gone.id, created.id]) == [updated, None, created]
        assert (await request.task_page(Range(5))).tasks == [created, updated]
        assert (await Tasks(store).task_page(Range(5, status="DONE"))).tasks == [updated]
        assert (await Tasks(store).task_page(Range(5, status="TODO"))).tasks == [created]
    assert len(await marks(store)) == (0 if arrives else 3)
    await _kill_marks(store)
    await tidy(store)
    assert await marks(store) == []
    assert await views(store, task.id) == {None, "DONE"}
    assert await views(store, gone.id) == set()
    assert await views(store, created.id) == {None, "TODO"}
    assert (await Tasks(store).task_page(Range(5))).total == 2


@pytest.mark.parametrize("arrives", [False, True])
async def test_a_write_that_could_not_mark_changes_nothing(
    store: Store, database: Database, redis_url: str, arrives: bool
) -> None:
    task, other = await create(store, 2)
    async with Failing(redis_url, "mark", arrives=arrives) as redis:
        failing = Store(database, redis, Accounting())
        failing.use(protocol(store).keys.epoch)
        for write in (
            Tasks(failing).update_task(task.id, {"status": "DONE"}),
            Tasks(failing).delete_task(other.id),
            Tasks(failing).create_task(new_task()),
        ):
            with pytest.raises(CacheUnavailable):
                await write
    assert (await Tasks(store).task_page(Range(5))).tasks == [task, other]
    # A mark that may have arrived is not aborted: were it still on its way, it would land after the abort.
    assert len(await marks(store)) == (3 if arrives else 0)
    await _kill_marks(store)
    await tidy(store)
    assert await indexed(store) == [task.id, other.id]
    assert await indexed(store, "DONE") == []
    assert await marks(store) == []


@pytest.mark.parametrize("arrives", [False, True])
async def test_many_that_could_not_be_added_are_not_there(
    store: Store, database: Database, redis_url: str, arrives: bool
) -> None:
    new = [new_task() for _ in range(3)]
    async with Failing(redis_url, "add", arrives=arrives) as redis:
        failing = Store(database, redis, Accounting())
        failing.use(protocol(store).keys.epoch)
        with pytest.raises(CacheUnavailable):
            await Tasks(failing).create_tasks(new)
        assert failing.suspects == {task.id for task in new}
        assert (await Tasks(store).task_page(Range(5))).tasks == []
        await tidy(failing)
    assert await indexed(store) == []
    made = await Tasks(store).create_tasks(new)
    assert all(isinstance(task, Task) for task in made)
    assert (await Tasks(store).task_page(Range(5))).total == 3


async def test_a_fill_that_is_lost_does_no_harm(store: Store, database: Database, redis_url: str) -> None:
    task = await one(store)
    async with Failing(redis_url, "fill", arrives=False) as redis:
        failing = Store(database, redis, Accounting())
        failing.use(protocol(store).keys.epoch)
        assert await Tasks(failing).tasks_by_id([task.id]) == [task]


async def _kill_marks(store: Store) -> None:
    """As if the deadline of every mark had passed."""
    names, client = protocol(store).keys, store.redis.client
    for id_ in await marks(store):
        mark: Any = await client.get(names.entries + id_)
        await client.set(names.entries + id_, mark.rpartition(b" ")[0] + b" 1")
        await client.zadd(names.marks, {id_: 1})
