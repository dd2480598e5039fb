#!/bin/sh
# The contract in twelve curl calls. After `make up DETACH=1`:
#   . .local/env && sh infra/local/walkthrough.sh
set -eu
: "${RISK_HUB_URL:?source .local/env first}" "${RISK_HUB_TOKEN:?source .local/env first}"

world="walk-$(date +%s)"
snapshots="$RISK_HUB_URL/risk-hub/worlds/$world/snapshots"
earlier="$(date -u +%Y-%m-%dT%H:00:00Z)"

heading() {
    printf '\n== %s\n' "$1"
}

# Print the status, the headers that the contract defines, and the body.
request() {
    curl --silent --show-error --include --header "Authorization: Bearer $RISK_HUB_TOKEN" "$@" |
        tr -d '\r' | grep -iE '^(HTTP/|etag:|location:|idempotency-replayed:|content-type:|\{)' || true
}

publish() {
    request --header 'X-Actor: gateway' --header 'X-Stage: paper' --header 'Content-Type: application/json' \
        --data "$1" "$snapshots"
}

read_with() {
    path=$1
    shift
    request --get "$@" "$snapshots$path"
}

first='{"version": "v1", "as_of": "'$earlier'", "weights": {"AAPL": 0.6, "MSFT": 0.4}, "ttl_sec": 86400,
  "covariance": {"AAPL,AAPL": 0.0004, "AAPL,MSFT": 0.0002, "MSFT,MSFT": 0.0003}}'

heading 'a snapshot is stored: 201'
publish "$first"
heading 'the same again changes nothing: 200, replayed'
publish "$first"
heading 'other content under its version: 409, both hashes'
publish '{"version": "v1", "as_of": "'"$earlier"'", "weights": {"AAPL": 0.5, "MSFT": 0.5}}'
heading 'what the contract refuses, by pointer: 422'
publish '{"version": "v2", "as_of": "today", "weights": {"AAPL": "0.6"}, "weight": {}}'
sleep 1
known_at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
sleep 1
heading 'a second version'
publish '{"version": "v2", "as_of": "'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'", "weights": {"AAPL": 1.0}}'

heading 'latest'
read_with /latest
heading 'by version'
read_with /lookup --data-urlencode 'version=v1'
heading 'by as_of'
read_with /lookup --data-urlencode "as_of=$earlier"
heading 'as the hub would have answered before v2 came: known_at'
read_with /latest --data-urlencode "known_at=$known_at"
heading 'a list, one at a time'
page=$(read_with '' --data-urlencode 'limit=1')
printf '%s\n' "$page"
cursor=$(printf '%s' "$page" | sed -n 's/.*"next_cursor":"\([^"]*\)".*/\1/p')
read_with '' --data-urlencode 'limit=1' --data-urlencode "cursor=$cursor"

heading 'risk numbers, computed by the worker'
for _ in 1 2 3 4 5 6 7 8 9 10; do
    answer=$(read_with /v1/risk)
    case $answer in *'"measures"'*) break ;; esac
    sleep 0.5
done
printf '%s\n' "$answer"
