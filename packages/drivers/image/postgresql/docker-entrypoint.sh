#!/bin/bash
# First start: makes the data directory that the POSTGRES_* variables ask for. Every start: becomes the server.
set -euo pipefail
. /usr/local/lib/entrypoint/entrypoint.sh

RUN=/var/run/postgresql
SETTINGS=(PASSWORD USER DB INITDB_ARGS HOST_AUTH_METHOD)

case ${1:-} in '' | -*) set -- postgres "$@" ;; esac
[ "$1" = postgres ] || exec "$@"
for arg; do
  case $arg in --help | -'?' | --version | -V | --describe-config) exec "$@" ;; esac
done

PGDATA=${PGDATA%/}
NEW=$PGDATA/#first_start_new

read_settings() {
  setting POSTGRES_PASSWORD
  setting POSTGRES_USER postgres
  setting POSTGRES_DB "$POSTGRES_USER"
  setting POSTGRES_INITDB_ARGS
  setting POSTGRES_HOST_AUTH_METHOD
}

if [ "$(id -u)" = 0 ]; then
  hand_over postgres "$PGDATA" "$RUN"
  # A file with a secret may be for root alone.
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    chmod 0700 "$PGDATA"
    read_settings
  fi
  exec gosu postgres "$0" "$@"
fi

check_settings() {
  [ -n "$POSTGRES_PASSWORD" ] || [ "$POSTGRES_HOST_AUTH_METHOD" = trust ] ||
    die 'a new server must know the password of its superuser; set POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust to let everybody in'
  # One is a line of a file, the others a line of a session.
  local name
  for name in POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB; do
    case ${!name} in *$'\n'*) die "$name has more than one line" ;; esac
  done
  # The images before 18 kept their data there: found beside an empty place, they are not to be forgotten.
  local old=/var/lib/postgresql/data
  [ "$PGDATA" = $old ] || [ ! -s $old/PG_VERSION ] ||
    die "$old holds data of PostgreSQL $(<$old/PG_VERSION), and this image keeps its data in $PGDATA; upgrade them with pg_upgrade, or set PGDATA"
}

initialise() {
  local arguments=() method
  # Words as a shell reads them, so that quotes may hold one together.
  eval "arguments=($POSTGRES_INITDB_ARGS)"
  if [ -n "$POSTGRES_PASSWORD" ]; then arguments+=(--pwfile=/dev/fd/3); fi
  # The password comes by a pipe: it is never in a file or an argument.
  initdb --pgdata="$NEW" --username="$POSTGRES_USER" "${arguments[@]}" --no-instructions 3<<<"$POSTGRES_PASSWORD" >/dev/null
  # As the passwords are kept, so they are asked for.
  method=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -D "$NEW" -C password_encryption)}
  printf '\nhost all all all %s\n' "$method" >>"$NEW/pg_hba.conf"
  case $POSTGRES_DB in postgres | template0 | template1) return ;; esac
  # A session without a server takes half the time of one with.
  postgres --single -j -c exit_on_error=on -D "$NEW" postgres <<<"CREATE DATABASE \"${POSTGRES_DB//\"/\"\"}\"" >/dev/null
}

# Scripts find the data directory in the making by PGDATA, and the server that runs for them by its socket.
with_temporary_server() {
  export PGDATA=$NEW PGPASSWORD=$POSTGRES_PASSWORD
  pg_ctl -w start -o "$(printf '%q ' "${@:2}" -c listen_addresses= -p 5432)" >&2
  docker_process_sql() {
    psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password -U "$POSTGRES_USER" -d "$POSTGRES_DB" "$@"
  }
  run_scripts
  pg_ctl -w stop -m fast >&2
  rm -f "$NEW/postmaster.opts"
  PGDATA=${NEW%/*}
  unset PGPASSWORD
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  read_settings
  check_settings
  new_directory "$PGDATA" "$NEW"
  say 'initialising the data directory'
  initialise
  if has_scripts; then with_temporary_server "$@"; fi
  commit "$PGDATA" "$NEW" PG_VERSION
fi
for name in "${SETTINGS[@]}"; do unset "POSTGRES_$name" "POSTGRES_${name}_FILE"; done
exec "$@"
