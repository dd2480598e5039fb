#!/bin/sh
# Renew the locks from pyproject.toml: universal (3.11 and newer), hashed, without index or download addresses.
# Run by `make lock`. dev.txt comes first; the other locks may contain only versions that the tests use.
set -eu
uv=${UV:-.venv/bin/uv}

compile() {
    "$uv" pip compile "$@" --universal --python-version 3.11 --generate-hashes --quiet \
        --no-annotate --no-header --no-emit-index-url --no-emit-find-links
}

compile pyproject.toml --group dev -o requirements/dev.txt
compile pyproject.toml -c requirements/dev.txt -o requirements/hub.txt
compile pyproject.toml --group risk -c requirements/dev.txt -o requirements/risk.txt
compile pyproject.toml --group local -c requirements/dev.txt -o requirements/local.txt
compile pyproject.toml --group peers -o requirements/peers.txt
echo uv | compile - -c requirements/dev.txt -o requirements/uv.txt
