"""The command line: `python -m api`. Ctrl C exits with code 130."""

import sys

try:
    # Imported here, because the import takes long enough to be interrupted.
    from api.cli import main

    main()
except KeyboardInterrupt:
    sys.exit(130)
