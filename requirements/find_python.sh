#!/bin/sh
# Print the path of a Python for this project: 3.13 if available, else any 3.11 or newer.
# Each candidate is executed: a pyenv shim of an unselected version exists, but fails.
set -u

PROBE='
import sys
import ensurepip, ssl, venv
if sys.version_info < (3, 11):
    sys.exit(1)
print(sys.executable)
'

try() {
    [ -x "$1" ] && "$1" -c "$PROBE" 2>/dev/null && exit 0
}

# All programs of that name on PATH, not just the first: a failing shim may precede a working Python.
try_on_path() {
    saved=$IFS
    IFS=:
    for folder in $PATH; do
        IFS=$saved
        try "$folder/$1"
    done
    IFS=$saved
}

if [ -n "${PYTHON:-}" ]; then
    "$PYTHON" -c "$PROBE" 2>/dev/null && exit 0
    echo "PYTHON=$PYTHON is not a Python 3.11 or newer with venv. Give the path of one, or unset PYTHON." >&2
    exit 1
fi

for minor in 13 12 11 14 15; do
    try_on_path "python3.$minor"
    for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3."$minor"*/bin/python \
        "$HOME"/.local/share/uv/python/cpython-3."$minor".*/bin/python3; do
        try "$candidate"
    done
done
try_on_path python3
try_on_path python

found=$(for each in python3 python; do "$each" --version 2>/dev/null; done | sort -u | tr '\n' ' ')
echo "No Python 3.11 or newer (with venv) was found on this machine; found: ${found:-none}." >&2
echo "Install Python 3.13, or give the path of one: PYTHON=/path/to/python3 make up" >&2
exit 1
