#!/bin/sh
# Creates the namespace and what runs can be found by; leaves alone what is there. The names are those of
# contracts/search-attributes.ts; a test compares them.
set -eu

tries=60
until temporal operator cluster health >/dev/null 2>&1; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { echo "No Temporal server serves at $TEMPORAL_ADDRESS." >&2; exit 1; }
  sleep 1
done

# Describing first: `create` would fail on a namespace that is there, and then nobody could tell why.
temporal operator namespace describe -n "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create -n "$TEMPORAL_NAMESPACE" --retention "$TEMPORAL_RETENTION"

# A namespace is served a few seconds after it was made.
tries=30
until known=$(temporal operator search-attribute list -n "$TEMPORAL_NAMESPACE" 2>/dev/null); do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { echo "Namespace $TEMPORAL_NAMESPACE is not served." >&2; exit 1; }
  sleep 1
done

attribute() {
  echo "$known" | grep -qw "$1" ||
    temporal operator search-attribute create -n "$TEMPORAL_NAMESPACE" --name "$1" --type "$2"
}

attribute GantryProject Keyword
attribute GantryPipeline Keyword
attribute GantryStatus Keyword
attribute GantryStage Keyword
attribute GantryWaitingFor Keyword
attribute GantryMode Keyword
attribute GantryCostUsd Double
