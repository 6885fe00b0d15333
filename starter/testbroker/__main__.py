"""`python -m starter.testbroker JSON`: how `process.running_broker` starts it, quicker than a command."""

import asyncio
import json
import sys
from pathlib import Path

from runtime import logs
from starter.running import HostError, until_asked_to_stop
from starter.testbroker.app import Registration
from starter.testbroker.process import serve


def main(given: str) -> int:
    """Serves until SIGTERM. Returns the exit code."""
    values = json.loads(given)
    registration = Registration(
        issuer=values["issuer"],
        client_id=values["client_id"],
        client_keys=Path(values["client_keys"]),
        redirect_uris=tuple(values["redirect_uris"]),
    )
    logs.configure()
    try:
        asyncio.run(until_asked_to_stop(serve(values["port"], registration)))
    except HostError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
