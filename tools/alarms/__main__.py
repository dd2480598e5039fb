"""`make rehearse`: one world stops publishing, one never publishes; write notifications and dashboards to the
docs.
"""

import sys
import tempfile
from pathlib import Path

from rich.console import Console

from infra.local.alarms.settings import AlarmSettings
from infra.local.bring_up import start_stage
from infra.local.settings import ANY_FREE_PORT, REPOSITORY, LocalSettings
from tests.local_stage.subscriber import SECRET, listening
from tools.alarms.draw import draw_boards
from tools.alarms.rehearsal import SPEED, Rehearsal
from tools.alarms.transcript import write_transcript

DOCS = REPOSITORY / "docs"


def main() -> int:
    """Rehearse, draw, write; exit status 0 if every expected notification came."""
    with tempfile.TemporaryDirectory() as folder, listening() as subscriber:
        alarms = AlarmSettings(SPEED, subscriber.url, SECRET)
        settings = LocalSettings(Path(folder), ANY_FREE_PORT, ANY_FREE_PORT, alarms=alarms)
        stage = start_stage(settings, Console(), detached=False, fresh=True)
        try:
            rehearsal = Rehearsal(stage, subscriber)
            rehearsal.run()
            write_transcript(DOCS, rehearsal.notes)
            draw_boards(stage.aws, DOCS / "dashboards", rehearsal.began, rehearsal.ended)
        finally:
            stage.process.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
