#!/bin/bash
# First start: fills the data directory and makes the accounts that the MYSQL_* variables ask for. Every start: becomes the server.
set -euo pipefail

DATADIR=/var/lib/mysql
TEMPLATE=/usr/local/share/mysql-template/datadir.tar.zst
INIT_SOCKET=/var/run/mysqld/init.sock

say() { printf '%s entrypoint: %s\n' "$(date -u +%FT%TZ)" "$*" >&2; }
die() { say "error: $*"; exit 1; }

# Reads a variable from itself or from the file that NAME_FILE names; giving both is a mistake somewhere.
setting() {
  local name=$1 default=${2:-} file_name="$1_FILE"
  if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then die "both $name and $file_name are set; set one of them"; fi
  if [ -n "${!file_name:-}" ]; then
    [ -r "${!file_name}" ] || die "$file_name names ${!file_name}, which cannot be read"
    printf -v "$name" '%s' "$(cat "${!file_name}")"
  elif [ -z "${!name:-}" ]; then
    printf -v "$name" '%s' "$default"
  fi
  # Not for the server: whoever sees its environment must not see a password.
  export -n "$name"; unset "$file_name"
}

# A string literal of SQL; needs a session without NO_BACKSLASH_ESCAPES, which a server at its first start has.
literal() { local text=${1//\\/\\\\}; printf "'%s'" "${text//\'/\\\'}"; }
identifier() { printf '`%s`' "${1//\`/\`\`}"; }

if [ "${1:-}" = "" ] || [ "${1:0:1}" = - ]; then set -- mysqld "$@"; fi
case " $* " in *' --help '* | *' --version '* | *' -V '* | *' -? '*) exec "$@" ;; esac
[ "$1" = mysqld ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  # Only what is not yet the server's own: a large data directory is not walked by chown at every start.
  find "$DATADIR" /var/run/mysqld -xdev ! -user mysql -exec chown mysql:mysql {} + 2>/dev/null || true
  exec gosu mysql "$0" "$@"
fi

initialise() {
  setting MYSQL_ROOT_PASSWORD; setting MYSQL_ROOT_HOST '%'
  setting MYSQL_DATABASE; setting MYSQL_USER; setting MYSQL_PASSWORD
  local random=${MYSQL_RANDOM_ROOT_PASSWORD:-} empty=${MYSQL_ALLOW_EMPTY_PASSWORD:-}
  [ -n "$MYSQL_ROOT_PASSWORD$random$empty" ] \
    || die 'set one of MYSQL_ROOT_PASSWORD, MYSQL_RANDOM_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD: a new server needs to know its root password'
  [ "$MYSQL_USER" != root ] || die 'MYSQL_USER=root: root is always made; set MYSQL_ROOT_PASSWORD instead'
  [ -z "$MYSQL_USER" ] || [ -n "$MYSQL_PASSWORD" ] || die 'MYSQL_USER is set without MYSQL_PASSWORD'
  [ -z "$MYSQL_PASSWORD" ] || [ -n "$MYSQL_USER" ] || die 'MYSQL_PASSWORD is set without MYSQL_USER'
  if [ -n "$random" ]; then
    MYSQL_ROOT_PASSWORD=$(openssl rand -base64 24)
    say "GENERATED ROOT PASSWORD: $MYSQL_ROOT_PASSWORD"
  fi

  # A start that was cut off in here left a directory that looks finished and is not.
  touch "$DATADIR/.initialising"
  find "$DATADIR" -mindepth 1 -maxdepth 1 ! -name .initialising ! -name lost+found -exec rm -rf {} +
  if [ -r "$TEMPLATE" ] && [ -z "${COFFER_NO_TEMPLATE:-}" ]; then
    zstd -dcq "$TEMPLATE" | tar -C "$DATADIR" -xf -
  else
    say 'initialising the data directory'
    "$@" --initialize-insecure --skip-log-bin --datadir="$DATADIR"
    rm -f "$DATADIR/auto.cnf"
  fi

  local sql
  sql=$(
    echo 'SET @@SESSION.sql_log_bin = 0;'
    echo "ALTER USER root@localhost IDENTIFIED BY $(literal "$MYSQL_ROOT_PASSWORD");"
    if [ "$MYSQL_ROOT_HOST" != localhost ]; then
      echo "CREATE USER root@$(literal "$MYSQL_ROOT_HOST") IDENTIFIED BY $(literal "$MYSQL_ROOT_PASSWORD");"
      echo "GRANT ALL ON *.* TO root@$(literal "$MYSQL_ROOT_HOST") WITH GRANT OPTION;"
    fi
    if [ -n "$MYSQL_DATABASE" ]; then echo "CREATE DATABASE IF NOT EXISTS $(identifier "$MYSQL_DATABASE");"; fi
    if [ -n "$MYSQL_USER" ]; then
      echo "CREATE USER $(literal "$MYSQL_USER")@'%' IDENTIFIED BY $(literal "$MYSQL_PASSWORD");"
      if [ -n "$MYSQL_DATABASE" ]; then
        local pattern=${MYSQL_DATABASE//_/\\_}
        echo "GRANT ALL ON $(identifier "$pattern").* TO $(literal "$MYSQL_USER")@'%';"
      fi
    fi
  )

  local files=(/docker-entrypoint-initdb.d/*)
  if [ -e "${files[0]}" ] || [ ! -r "$TEMPLATE" ] || [ -n "${COFFER_NO_TEMPLATE:-}" ]; then
    with_temporary_server "$sql" "$@"
    exec_server "$@"
  fi
  # Without scripts to run, the server itself reads the accounts as it starts: no temporary server is needed.
  local file=/var/run/mysqld/init.sql
  (umask 077; printf '%s\n' "$sql" >"$file")
  # The file goes once the server has read it and answers.
  (
    for _ in $(seq 600); do
      if mysql --no-defaults --connect-timeout=1 -S /var/run/mysqld/mysqld.sock -u nobody -e '' 2>&1 | grep -q 'Access denied'; then break; fi
      sleep 0.1
    done
    rm -f "$file" "$DATADIR/.initialising"
  ) </dev/null >/dev/null 2>&1 &
  exec_server "$@" --init-file="$file"
}

with_temporary_server() {
  local sql=$1; shift
  "$@" --skip-networking --mysqlx=0 --skip-log-bin --socket="$INIT_SOCKET" --pid-file=/var/run/mysqld/init.pid &
  local server=$!
  as_root() { MYSQL_PWD=${root_password-} mysql --no-defaults -uroot -S "$INIT_SOCKET" --comments "$@"; }
  local root_password=
  for _ in $(seq 600); do
    if as_root -e 'SELECT 1' >/dev/null 2>&1; then break; fi
    kill -0 $server 2>/dev/null || die 'the temporary server ended; its lines above say why'
    sleep 0.1
  done
  if [ -z "$(as_root -N -e "SELECT 1 FROM mysql.time_zone_name LIMIT 1")" ]; then
    mysql_tzinfo_to_sql /usr/share/zoneinfo 2>/dev/null | as_root mysql
  fi
  printf '%s\n' "$sql" | as_root
  root_password=$MYSQL_ROOT_PASSWORD
  local database=()
  if [ -n "$MYSQL_DATABASE" ]; then database=("--database=$MYSQL_DATABASE"); fi
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) say "running $file"; if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) say "running $file"; as_root "${database[@]}" <"$file" ;;
      *.sql.gz) say "running $file"; gunzip -c "$file" | as_root "${database[@]}" ;;
      *.sql.bz2) say "running $file"; bunzip2 -c "$file" | as_root "${database[@]}" ;;
      *.sql.xz) say "running $file"; xzcat "$file" | as_root "${database[@]}" ;;
      *.sql.zst) say "running $file"; zstd -dcq "$file" | as_root "${database[@]}" ;;
      */'*') ;;
      *) say "ignoring $file" ;;
    esac
  done
  as_root -e 'SHUTDOWN'
  wait $server
  rm -f "$DATADIR/.initialising"
}

exec_server() {
  unset MYSQL_ROOT_PASSWORD MYSQL_ROOT_HOST MYSQL_DATABASE MYSQL_USER MYSQL_PASSWORD MYSQL_RANDOM_ROOT_PASSWORD MYSQL_ALLOW_EMPTY_PASSWORD
  exec "$@"
}

# A start that was cut off while the accounts were still being made is done again from the beginning.
if [ ! -d "$DATADIR/mysql" ] || [ -e "$DATADIR/.initialising" ]; then initialise "$@"; fi
exec_server "$@"
