#!/bin/sh
# Print the path of a Python that this project runs on: 3.13 if there is one, else any 3.11 or newer.
# Each candidate is asked by running it: a pyenv shim of a version that is not selected exists, but only fails.
set -u

PROBE='
import sys
import ensurepip, venv, ssl
if sys.version_info < (3, 11):
    sys.exit(1)
print(sys.executable)
'

usable() {
    "$1" -c "$PROBE" 2>/dev/null
}

if [ -n "${PYTHON:-}" ]; then
    usable "$PYTHON" && exit 0
    echo "PYTHON=$PYTHON is not a Python 3.11 or newer with venv. Give the path of one, or leave PYTHON out." >&2
    exit 1
fi

for minor in 13 12 11 14 15; do
    for candidate in \
        "python3.$minor" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3."$minor"*/bin/python \
        "$HOME"/.local/share/uv/python/cpython-3."$minor".*/bin/python3 \
        /usr/bin/python3."$minor" \
        /usr/local/bin/python3."$minor" \
        /opt/homebrew/bin/python3."$minor"; do
        usable "$candidate" && exit 0
    done
done
for candidate in python3 python /usr/bin/python3 /usr/local/bin/python3; do
    usable "$candidate" && exit 0
done

found=$(for each in python3 python /usr/bin/python3; do "$each" --version 2>/dev/null; done | sort -u | tr '\n' ' ')
echo "No Python 3.11 or newer (with venv) was found on this machine; there is: ${found:-none}." >&2
echo "Install Python 3.13, or name one: PYTHON=/path/to/python3 make up" >&2
exit 1
