#!/usr/bin/env bash
# A PostgreSQL of its own on loopback, with a fresh, empty cluster.
#
#   postgres.sh start    makes the cluster, starts, prints its URL
#   postgres.sh stop     ends it and removes the cluster
#
# POSTGRES_RUN   directory of the cluster (a new one below the system's temporary directory)
# POSTGRES_PORT  port for clients (54329)
#
# Needs initdb and pg_ctl. As root it runs them as the user postgres, for PostgreSQL refuses root.
set -euo pipefail

port=${POSTGRES_PORT:-54329}
run=${POSTGRES_RUN:-${TMPDIR:-/tmp}/dolmen-postgres-$port}

bin() {
  local found
  found=$(command -v "$1" || ls -d /usr/lib/postgresql/*/bin/"$1" 2>/dev/null | sort -V | tail -1)
  [ -n "$found" ] || { echo "postgres.sh: there is no $1" >&2; exit 1; }
  echo "$found"
}

as_owner() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@")
  else
    "$@"
  fi
}

start() {
  rm -rf "$run"
  mkdir -p "$run"
  [ "$(id -u)" != 0 ] || chown postgres: "$run"
  as_owner "$(bin initdb)" -D "$run/data" -U dolmen -A trust -E UTF8 --no-sync >"$run.log" 2>&1
  as_owner "$(bin pg_ctl)" -D "$run/data" -w -l "$run/log" \
    -o "-p $port -k $run -c listen_addresses=127.0.0.1 -c fsync=off" start >>"$run.log" 2>&1
  echo "postgres://dolmen@127.0.0.1:$port/postgres"
}

stop() {
  as_owner "$(bin pg_ctl)" -D "$run/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$run" "$run.log"
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  *) sed -n '2,/^$/p' "$0" >&2; exit 2 ;;
esac
