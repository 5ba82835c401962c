"""HTTP and the command line: the only place that knows Starlette and reads the environment."""
