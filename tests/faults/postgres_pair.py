"""A primary and a standby of PostgreSQL for a run. A failover promotes the standby, and a new one takes its place."""

import shutil
from pathlib import Path

from tests.support.postgres_server import PostgresServer, url_of
from tests.support.service_process import until

STREAMING = "SELECT coalesce(min(sync_state), '') FROM pg_stat_replication WHERE state = 'streaming'"
# Each task with its version, deleted ones as well.
VERSIONS = "SELECT id::text, version FROM task"


class PostgresPair:
    """Two servers. `url` names both, and leads to the one that accepts writes."""

    def __init__(self, folder: Path, *, synchronous: bool) -> None:
        """Initialize the servers. synchronous: whether a commit waits for the standby."""
        self.primary, self.standby = PostgresServer(folder / "0"), PostgresServer(folder / "1")
        self.url = url_of(self.primary, self.standby)
        self._synchronous = synchronous

    def start(self) -> None:
        """Start both servers."""
        self.primary.start()
        self.rejoin()

    def rejoin(self) -> None:
        """Make the server that does not run a standby of the primary."""
        shutil.rmtree(self.standby.data, ignore_errors=True)
        self.primary.back_up(self.standby.data, "--write-recovery-conf")
        self.standby.start()
        self._await_state("async")
        if self._synchronous:
            self.primary.change_setting("synchronous_standby_names = '*'")
            self._await_state("sync")
            # Commits wait for the standby once the checkpointer, too, has read the setting.
            self.primary.execute("CHECKPOINT")

    def detach(self) -> None:
        """Let the standby receive nothing more. From now on the primary acknowledges what only it has."""
        self.standby.change_setting("primary_conninfo = ''")
        assert until(lambda: self.primary.execute("SELECT count(*) FROM pg_stat_replication") == [(0,)])

    def kill_primary(self) -> None:
        """Kill the primary. The standby takes its place in `primary`, but is not promoted yet."""
        self.primary.kill()
        self.primary, self.standby = self.standby, self.primary

    def promote(self) -> dict[str, int]:
        """Promote the standby, and return the version of each task that it has, from before its first write."""
        # libpq uses no server that is read-only (target_session_attrs).
        self.primary.change_setting("default_transaction_read_only = on")
        self.primary.promote()
        versions = dict(self.primary.execute(VERSIONS))
        self.primary.change_setting("default_transaction_read_only = off")
        return versions

    def remove(self) -> None:
        """Kill both servers."""
        self.primary.remove()
        self.standby.remove()

    def _await_state(self, state: str) -> None:
        assert until(lambda: self.primary.execute(STREAMING) == [(state,)]), self.standby.log_text()[-2000:]
