"""`python -m config.embedded FOLDER COMMAND…`: run a command with a shared, undurable pair in its environment."""

import os
import subprocess
import sys
from pathlib import Path

from config.embedded import EmbeddedError, share


def main(arguments: list[str]) -> int:
    """The command's exit code; 1 with one line when the servers do not come up, 2 where no folder is named."""
    folder, *command = arguments or [""]
    if not command or folder.startswith("-"):
        sys.stderr.write("usage: python -m config.embedded FOLDER COMMAND…\n")
        return 2
    try:
        servers = share(Path(folder))
    except EmbeddedError as error:
        sys.stderr.write(f"deskfleet: {error}\n")
        return 1
    urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    return subprocess.run(command, env=os.environ | urls, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
