#!/bin/sh
# ensure.sh FOLDER LOCK: create the environment in FOLDER again unless it matches LOCK.
# An environment contains a copy of its lock; `risk-hub` is written last.
set -u
here=$(dirname "$0")

if cmp -s "$2" "$1/installed.txt" && "$1/bin/python" -c '' 2>/dev/null && [ -x "$1/bin/risk-hub" ]; then
    exit 0
fi
python=$("$here/find_python.sh") || exit 1
exec "$python" -B "$here/install.py" "$1" "$2"
