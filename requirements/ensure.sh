#!/bin/sh
# ensure.sh FOLDER LOCK: make the environment in FOLDER match LOCK exactly.
# An up-to-date environment is recognised by the copy of its lock inside; `risk-hub` is written last.
set -u
here=$(dirname "$0")

if cmp -s "$2" "$1/installed.txt" && "$1/bin/python" -c '' 2>/dev/null && [ -x "$1/bin/risk-hub" ]; then
    exit 0
fi
python=$("$here/find_python.sh") || exit 1
exec "$python" -B "$here/install.py" "$1" "$2"
