"""Download the segments of a world: `history_download.py WORLD FROM TO FOLDER`, instants in RFC 3339.

Files keep the keys of the bucket, so that the folder has the partitions `world_id=…/day=…`.
"""

import hashlib
import json
import os
import sys
import urllib.parse
import urllib.request
from pathlib import Path

world, start, end, folder = sys.argv[1:]
address = f"{os.environ['RISK_HUB_URL']}/risk-hub/worlds/{world}/history"
headers = {"Authorization": f"Bearer {os.environ['RISK_HUB_TOKEN']}"}
cursor: dict[str, str] = {}
count = 0
while True:
    query = urllib.parse.urlencode({"from": start, "to": end, "limit": "100", **cursor})
    with urllib.request.urlopen(urllib.request.Request(f"{address}?{query}", headers=headers)) as answer:  # noqa: S310
        page = json.load(answer)
    for segment in page["segments"]:
        with urllib.request.urlopen(segment["download_url"]) as answer:  # noqa: S310 - without the token
            data = answer.read()
        if hashlib.sha256(data).hexdigest() != segment["sha256"]:
            sys.exit(f"{segment['key']} is damaged")
        file = Path(folder, segment["key"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        count += segment["count"]
    if page["next_cursor"] is None:
        break
    cursor = {"cursor": page["next_cursor"]}
sys.stdout.write(f"{count} snapshots\n")
