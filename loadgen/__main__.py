"""The command line: `python -m loadgen load --count N --url URL`. Ctrl C exits with code 130."""

import sys

try:
    # Imported here, because the import takes long enough to be interrupted.
    from loadgen.cli import app

    app()
except KeyboardInterrupt:
    sys.exit(130)
