"""The feed: committed changes of every process, delivered to the subscribers of this one."""
