#!/usr/bin/env bash
# The services of docker-compose.temporal.yml without Docker: PostgreSQL, the Temporal server and its Web UI as
# processes of this machine, on loopback. For machines without Docker, and to try the topology itself.
#
#   scripts/native-topology.sh up            build what is missing (once, some minutes), start what does not run
#   scripts/native-topology.sh status        what runs, and where
#   scripts/native-topology.sh env           what to export so that gantry uses it
#   scripts/native-topology.sh env SERVICE   the environment a service is started with
#   scripts/native-topology.sh down          stop all; the data stays
#
# Needs Go 1.26 and PostgreSQL 12 or newer (Debian: apt-get install postgresql). Settings, all optional:
# POSTGRES_PASSWORD (made up and kept when absent), TEMPORAL_PORT, TEMPORAL_UI_PORT, TEMPORAL_NAMESPACE,
# TEMPORAL_RETENTION as in the compose file, POSTGRES_PORT, and GANTRY_TOPOLOGY_DIR, which holds data, logs and pids.
set -euo pipefail

SERVER_VERSION=1.32.1
UI_VERSION=2.54.1
SERVICES='postgresql temporal-schema temporal temporal-namespace temporal-ui'

repository=$(cd "$(dirname "$0")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gantry
bin=$cache/temporal-server-$SERVER_VERSION
ui_root=$cache/temporal-ui-$UI_VERSION
# PostgreSQL refuses to run as root, and the user it then runs as cannot look into root's home.
if [ "$(id -u)" = 0 ]; then default_dir=/var/lib/gantry-topology; else default_dir=${XDG_STATE_HOME:-$HOME/.local/state}/gantry/topology; fi
dir=${GANTRY_TOPOLOGY_DIR:-$default_dir}
postgres_port=${POSTGRES_PORT:-54329}
temporal_port=${TEMPORAL_PORT:-7233}
ui_port=${TEMPORAL_UI_PORT:-8080}
namespace=${TEMPORAL_NAMESPACE:-default}

main() {
  case ${1:-} in
    up) up ;;
    down) down ;;
    status) status ;;
    env) if [ $# -gt 1 ]; then env_of "$2"; else env_for_gantry; fi ;;
    *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
  esac
}

up() {
  build
  mkdir -p "$dir/log"
  chmod 755 "$dir"
  keep_password
  running postgresql || start_postgres
  say 'schema'
  (as temporal-schema "$repository/deploy/temporal/setup-schema.sh") >"$dir/log/temporal-schema.log" 2>&1 || failed temporal-schema
  running temporal || start temporal "$temporal_port" "$bin/temporal-server" start
  say 'namespace and search attributes'
  (as temporal-namespace "$repository/deploy/temporal/setup-namespace.sh") >"$dir/log/temporal-namespace.log" 2>&1 || failed temporal-namespace
  running temporal-ui || start temporal-ui "$ui_port" "$ui_root/server" --root "$ui_root" --env native start
  status
}

down() {
  stop temporal-ui
  stop temporal
  if running postgresql; then
    as_postgres "$(postgres_bin)/pg_ctl" -D "$dir/postgresql" -m fast -w stop >/dev/null
    say 'postgresql stopped'
  fi
}

status() {
  local service
  for service in postgresql temporal temporal-ui; do
    if running "$service"; then echo "$service  runs  $(address_of "$service")"; else echo "$service  stopped"; fi
  done
  running postgresql && running temporal && running temporal-ui
}

address_of() {
  case $1 in
    postgresql) echo "127.0.0.1:$postgres_port" ;;
    temporal) echo "127.0.0.1:$temporal_port" ;;
    temporal-ui) echo "http://127.0.0.1:$ui_port" ;;
  esac
}

env_for_gantry() {
  echo "export TEMPORAL_ADDRESS=127.0.0.1:$temporal_port"
  echo "export TEMPORAL_NAMESPACE=$namespace"
  echo "export GANTRY_UI=http://127.0.0.1:$ui_port"
}

# The same names as in the compose file; a test compares them.
env_of() {
  local password=${POSTGRES_PASSWORD:-$(cat "$dir/password" 2>/dev/null || true)}
  case $1 in
    postgresql)
      echo "POSTGRES_USER=temporal"
      echo "POSTGRES_PASSWORD=$password"
      ;;
    temporal-schema | temporal)
      echo "DB=postgres12_pgx"
      echo "DB_PORT=$postgres_port"
      echo "POSTGRES_SEEDS=127.0.0.1"
      echo "POSTGRES_USER=temporal"
      echo "POSTGRES_PWD=$password"
      echo "DBNAME=temporal"
      echo "VISIBILITY_DBNAME=temporal_visibility"
      [ "$1" = temporal ] || return 0
      echo "BIND_ON_IP=127.0.0.1"
      echo "FRONTEND_GRPC_PORT=$temporal_port"
      echo "FRONTEND_HTTP_PORT=$((temporal_port + 10))"
      echo "DYNAMIC_CONFIG_FILE_PATH=$repository/deploy/temporal/dynamicconfig.yaml"
      echo "NUM_HISTORY_SHARDS=64"
      echo "TEMPORAL_ALLOW_NO_AUTH=true"
      echo "LOG_LEVEL=warn"
      ;;
    temporal-namespace)
      echo "TEMPORAL_ADDRESS=127.0.0.1:$temporal_port"
      echo "TEMPORAL_NAMESPACE=$namespace"
      echo "TEMPORAL_RETENTION=${TEMPORAL_RETENTION:-30d}"
      ;;
    temporal-ui)
      echo "TEMPORAL_ADDRESS=127.0.0.1:$temporal_port"
      echo "TEMPORAL_UI_PORT=$ui_port"
      echo "TEMPORAL_DEFAULT_NAMESPACE=$namespace"
      echo "TEMPORAL_CORS_ORIGINS=http://localhost:$ui_port"
      ;;
    *) die "No service \"$1\". There are: $SERVICES." ;;
  esac
}

# Become a program with the environment of a service and nothing else, as in a container. For subshells.
as() {
  local service=$1 variables
  shift
  mapfile -t variables < <(env_of "$service")
  exec env -i PATH="$bin:$PATH" HOME="$HOME" LANG=C.UTF-8 TZ=UTC "${variables[@]}" "$@"
}

start() {
  local service=$1 port=$2 tries=600
  shift 2
  # Whoever answers there already would be taken for the service and be prepared in its place.
  ! listening "$port" || die "port $port is taken; choose others with TEMPORAL_PORT and TEMPORAL_UI_PORT."
  say "$service"
  (as "$service" setsid "$@") >>"$dir/log/$service.log" 2>&1 </dev/null &
  echo $! >"$dir/$service.pid"
  until listening "$port"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || failed "$service"
    sleep 0.1
    kill -0 "$(cat "$dir/$service.pid")" 2>/dev/null || failed "$service"
  done
}

listening() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

stop() {
  running "$1" || return 0
  local pid tries=300
  pid=$(cat "$dir/$1.pid")
  kill "$pid"
  while running "$1"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { kill -9 "$pid"; break; }
    sleep 0.1
  done
  rm -f "$dir/$1.pid"
  say "$1 stopped"
}

# By its command line too: after a reboot the number may belong to somebody else.
running() {
  local pid program
  case $1 in
    postgresql) pid=$(head -n 1 "$dir/postgresql/postmaster.pid" 2>/dev/null || true) program=postgres ;;
    temporal) pid=$(cat "$dir/temporal.pid" 2>/dev/null || true) program=$bin/temporal-server ;;
    temporal-ui) pid=$(cat "$dir/temporal-ui.pid" 2>/dev/null || true) program=$ui_root/server ;;
  esac
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF "$program"
}

start_postgres() {
  say 'postgresql'
  local pg
  pg=$(postgres_bin)
  if [ ! -f "$dir/postgresql/PG_VERSION" ]; then
    mkdir -p "$dir/postgresql"
    chmod 700 "$dir/postgresql"
    [ "$(id -u)" != 0 ] || chown postgres: "$dir/postgresql"
    # Through a file only PostgreSQL can read: a command line would show the password to everybody.
    local secret=$dir/postgresql.password
    (umask 077 && env_of postgresql | sed -n 's/^POSTGRES_PASSWORD=//p' >"$secret")
    [ "$(id -u)" != 0 ] || chown postgres: "$secret"
    as_postgres "$pg/initdb" -D "$dir/postgresql" -U temporal --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 \
      --pwfile="$secret" >"$dir/log/initdb.log" 2>&1 || failed initdb
    rm -f "$secret"
  fi
  touch "$dir/log/postgresql.log"
  [ "$(id -u)" != 0 ] || chown postgres: "$dir/log/postgresql.log"
  as_postgres "$pg/pg_ctl" -D "$dir/postgresql" -l "$dir/log/postgresql.log" -w -t 60 \
    -o "-p $postgres_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=''" start >/dev/null || failed postgresql
}

as_postgres() {
  if [ "$(id -u)" = 0 ]; then (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@"); else "$@"; fi
}

postgres_bin() {
  local newest
  newest=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  [ -n "$newest" ] || newest=$(dirname "$(command -v initdb || true)")
  [ -x "$newest/initdb" ] || die 'PostgreSQL is missing: apt-get install postgresql, or put its programs on the PATH.'
  echo "$newest"
}

# The three programs, each by itself: two of them are called "server".
build() {
  if [ ! -x "$bin/temporal-server" ] || [ ! -x "$bin/temporal-sql-tool" ]; then
    say "building Temporal server $SERVER_VERSION (once; some minutes)"
    go_install "$bin" "go.temporal.io/server/cmd/server@v$SERVER_VERSION"
    go_install "$bin" "go.temporal.io/server/cmd/tools/sql@v$SERVER_VERSION"
    mv "$bin/server" "$bin/temporal-server"
    mv "$bin/sql" "$bin/temporal-sql-tool"
  fi
  if [ ! -x "$ui_root/server" ] || [ ! -f "$ui_root/config/native.yaml" ]; then
    say "building Temporal Web UI $UI_VERSION (once)"
    go_install "$ui_root" "github.com/temporalio/ui-server/v2/cmd/server@v$UI_VERSION"
    rm -rf "$ui_root/config"
    cp -R "$(go env GOMODCACHE)/github.com/temporalio/ui-server/v2@v$UI_VERSION/config" "$ui_root/config"
    chmod -R u+w "$ui_root/config"
    # The image's own settings; here nothing but them keeps the page off the network.
    { cat "$ui_root/config/docker.yaml"; echo 'host: 127.0.0.1'; } >"$ui_root/config/native.yaml"
  fi
  if ! PATH="$bin:$PATH" command -v temporal >/dev/null; then
    local cli
    cli=${GANTRY_TEMPORAL_CLI:-$(ls -d "$cache"/temporal-1.*/temporal 2>/dev/null | sort -V | tail -n 1)}
    [ -x "$cli" ] || die 'The Temporal CLI is missing: run ./gantry doctor once, or put it on the PATH.'
    ln -sf "$cli" "$bin/temporal"
  fi
}

go_install() {
  command -v go >/dev/null || die 'Go is missing: install Go 1.26 or newer.'
  mkdir -p "$1"
  CGO_ENABLED=0 GOBIN=$1 nice -n 10 go install "$2"
}

keep_password() {
  [ ! -f "$dir/password" ] || return 0
  (umask 077 && printf '%s' "${POSTGRES_PASSWORD:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}" >"$dir/password")
}

failed() {
  tail -n 20 "$dir/log/$1.log" >&2
  die "$1 failed; the lines above end its log, $dir/log/$1.log."
}

say() { echo "topology: $*" >&2; }
die() { say "$*"; exit 1; }

main "$@"
