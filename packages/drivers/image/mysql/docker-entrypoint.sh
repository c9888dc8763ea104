#!/bin/bash
# First start: fills the data directory and makes the accounts that the MYSQL_* variables ask for. Every start: becomes the server.
set -euo pipefail

TEMPLATE=/usr/local/share/mysql-template/datadir.tar.zst
# A schema of the template that the last statement of a first start drops: while its folder is there, the accounts are not made.
UNFINISHED=first_start_unfinished
RUN=/var/run/mysqld

say() { printf '%s entrypoint: %s\n' "$(date -u +%FT%TZ)" "$*" >&2; }
die() { say "error: $*"; exit 1; }

if [ "${1:-}" = '' ] || [ "${1:0:1}" = - ]; then set -- mysqld "$@"; fi
[ "$1" = mysqld ] || exec "$@"
for arg; do
  case $arg in --help | -'?' | --version | -V | --verbose | -v | --print-defaults) exec "$@" ;; esac
done

# What the server will be told, by its files and then by its command line: asked for once, as each asking starts a program.
mapfile -t OPTIONS < <(my_print_defaults mysqld server mysqld-9.7; printf '%s\n' "${@:2}")

# option NAME VARIABLE DEFAULT: the last value that the server will see, into the variable; written with - or _, it is the same.
option() {
  local arg
  printf -v "$2" '%s' "$3"
  for arg in "${OPTIONS[@]}"; do
    case ${arg//_/-} in "--$1="*) printf -v "$2" '%s' "${arg#*=}" ;; "--$1") printf -v "$2" ON ;; esac
  done
}
option datadir DATADIR /var/lib/mysql
DATADIR=${DATADIR%/}
# Where a first start makes the data directory. Not a hidden folder: the server does not find its tablespaces in one.
NEW=$DATADIR/first_start_new

# Reads a variable from itself or from the file that NAME_FILE names; giving both is a mistake somewhere.
setting() {
  local name=$1 default=${2:-} file_name=$1_FILE
  if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then die "both $name and $file_name are set; set one of them"; fi
  if [ -n "${!file_name:-}" ]; then
    [ -r "${!file_name}" ] || die "$file_name names ${!file_name}, which cannot be read"
    printf -v "$name" '%s' "$(<"${!file_name}")"
  elif [ -z "${!name:-}" ]; then
    printf -v "$name" '%s' "$default"
  fi
  # Scripts of a first start may use it; the server must not have it in its environment.
  export "${name?}"
  unset "$file_name"
}

# A string literal of SQL, for a session that reads backslashes: at a first start sql_mode is put to that first.
literal() { local text=${1//\\/\\\\}; printf "'%s'" "${text//\'/\\\'}"; }
identifier() { printf '`%s`' "${1//\`/\`\`}"; }

read_variables() {
  local name
  for name in ROOT_PASSWORD DATABASE USER PASSWORD; do setting "MYSQL_$name"; done
  setting MYSQL_ROOT_HOST '%'
}

is_first_start() { [ ! -d "$DATADIR/mysql" ] || [ -d "$DATADIR/$UNFINISHED" ]; }

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$DATADIR" "$RUN"
  find "$DATADIR" "$RUN" -xdev ! -user mysql -exec chown mysql:mysql {} +
  # A file with a secret may be for root alone.
  if is_first_start; then read_variables; fi
  exec gosu mysql "$0" "$@"
fi

read_settings() {
  read_variables
  [ -n "$MYSQL_ROOT_PASSWORD${MYSQL_RANDOM_ROOT_PASSWORD:-}${MYSQL_ALLOW_EMPTY_PASSWORD:-}" ] ||
    die 'a new server must know the password of its root; set one of MYSQL_ROOT_PASSWORD, MYSQL_RANDOM_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD'
  [ "$MYSQL_USER" != root ] || die 'MYSQL_USER is root, which is always made; set MYSQL_ROOT_PASSWORD instead'
  [ -z "$MYSQL_USER" ] || [ -n "$MYSQL_PASSWORD" ] || die 'MYSQL_USER is set without MYSQL_PASSWORD'
  [ -z "$MYSQL_PASSWORD" ] || [ -n "$MYSQL_USER" ] || die 'MYSQL_PASSWORD is set without MYSQL_USER'
  if [ -n "${MYSQL_RANDOM_ROOT_PASSWORD:-}" ]; then
    MYSQL_ROOT_PASSWORD=$(openssl rand -base64 24)
    say "GENERATED ROOT PASSWORD: $MYSQL_ROOT_PASSWORD"
  fi
}

# One statement a line, each may run twice: a first start that was cut off runs all of them again.
account_statements() {
  local password pattern partial_revokes
  password=$(literal "$MYSQL_ROOT_PASSWORD")
  echo 'SET @@SESSION.sql_log_bin = 0;'
  echo "SET @@SESSION.sql_mode = 'STRICT_TRANS_TABLES';"
  echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $password;"
  if [ "$MYSQL_ROOT_HOST" != localhost ]; then
    echo "CREATE USER IF NOT EXISTS 'root'@$(literal "$MYSQL_ROOT_HOST") IDENTIFIED BY $password;"
    echo "GRANT ALL ON *.* TO 'root'@$(literal "$MYSQL_ROOT_HOST") WITH GRANT OPTION;"
  fi
  if [ -n "$MYSQL_DATABASE" ]; then echo "CREATE DATABASE IF NOT EXISTS $(identifier "$MYSQL_DATABASE");"; fi
  if [ -n "$MYSQL_USER" ]; then
    echo "CREATE USER IF NOT EXISTS $(literal "$MYSQL_USER")@'%' IDENTIFIED BY $(literal "$MYSQL_PASSWORD");"
    if [ -n "$MYSQL_DATABASE" ]; then
      # With partial revokes on, an underscore in a grant is an underscore; else it stands for any character.
      pattern=$MYSQL_DATABASE
      option partial-revokes partial_revokes ''
      case $partial_revokes in 1 | ON | on | TRUE | true) ;; *) pattern=${pattern//_/\\_} ;; esac
      echo "GRANT ALL ON $(identifier "$pattern").* TO $(literal "$MYSQL_USER")@'%';"
    fi
  fi
  if [ -n "${MYSQL_ONETIME_PASSWORD:-}" ]; then echo "ALTER USER 'root'@$(literal "$MYSQL_ROOT_HOST") PASSWORD EXPIRE;"; fi
  echo "DROP DATABASE IF EXISTS $UNFINISHED;"
}

# The template was made with the defaults of what cannot be changed afterwards.
fits_template() {
  [ -r "$TEMPLATE" ] || return 1
  local name value
  for name in lower-case-table-names innodb-page-size innodb-data-file-path innodb-data-home-dir innodb-undo-directory \
    innodb-log-group-home-dir innodb-temp-data-file-path innodb-checksum-algorithm default-table-encryption init-file initialize; do
    option "$name" value ''
    [ -z "$value" ] || return 1
  done
}

# What was made beside the data directory takes its place, the system schema last: its folder says that all is there.
commit() {
  local new=$1
  find "$new" -mindepth 1 -maxdepth 1 ! -name mysql -exec mv -f -t "$DATADIR" {} +
  mv "$new/mysql" "$DATADIR/mysql"
  rmdir "$new"
}

new_directory() {
  local new=$NEW
  if [ ! -e "$new" ] && [ -n "$(find "$DATADIR" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name '.*' -print -quit)" ]; then
    die "$DATADIR holds files but no server's data; give an empty folder or one that a server has used"
  fi
  rm -rf "$new"
  mkdir "$new"
}

# $1: the data directory in the making; then the server's command line.
with_temporary_server() {
  local new=$1 socket server file
  shift
  # Where the client looks by itself: scripts of a first start call it.
  option socket socket $RUN/mysqld.sock
  say 'initialising the data directory'
  "$@" --initialize-insecure --datadir="$new" --skip-log-bin
  "$@" --datadir="$new" --skip-networking --mysqlx=0 --skip-log-bin --socket="$socket" --pid-file=$RUN/first-start.pid &
  server=$!
  root_password=
  # Not an argument and not in the environment: the client reads its password from a file that is no file.
  as_root() { mysql --defaults-extra-file=<(printf '[client]\npassword="%s"\n' "$(escaped_for_option_file "$root_password")") -uroot -S "$socket" --comments "$@"; }
  until as_root -e 'SELECT 1' >/dev/null 2>&1; do
    kill -0 $server 2>/dev/null || die 'the server ended while it was being set up; its lines above say why'
    sleep 0.1
  done
  if [ -z "${MYSQL_INITDB_SKIP_TZINFO:-}" ]; then mysql_tzinfo_to_sql /usr/share/zoneinfo 2>/dev/null | as_root mysql; fi
  account_statements | as_root
  root_password=$MYSQL_ROOT_PASSWORD
  local database=()
  if [ -n "$MYSQL_DATABASE" ]; then database=("--database=$MYSQL_DATABASE"); fi
  # By this name scripts that are sourced know it.
  docker_process_sql() { as_root "${database[@]}" "$@"; }
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh)
        say "running $file"
        if [ -x "$file" ]; then "$file"; else . "$file"; fi
        ;;
      *.sql) say "running $file"; docker_process_sql <"$file" ;;
      *.sql.gz) say "running $file"; gzip -dc "$file" | docker_process_sql ;;
      *.sql.bz2) say "running $file"; bzip2 -dc "$file" | docker_process_sql ;;
      *.sql.xz) say "running $file"; xz -dc "$file" | docker_process_sql ;;
      *.sql.zst) say "running $file"; zstd -dcq "$file" | docker_process_sql ;;
      */'*') ;;
      *) say "ignoring $file" ;;
    esac
  done
  kill $server
  wait $server || die 'the server did not stop cleanly after it was set up'
}
escaped_for_option_file() { local text=${1//\\/\\\\}; printf '%s' "${text//\"/\\\"}"; }

become_server() {
  unset MYSQL_ROOT_PASSWORD MYSQL_ROOT_PASSWORD_FILE MYSQL_ROOT_HOST MYSQL_ROOT_HOST_FILE MYSQL_DATABASE MYSQL_DATABASE_FILE \
    MYSQL_USER MYSQL_USER_FILE MYSQL_PASSWORD MYSQL_PASSWORD_FILE MYSQL_RANDOM_ROOT_PASSWORD MYSQL_ALLOW_EMPTY_PASSWORD
  exec "$@"
}

if [ ! -d "$DATADIR/mysql" ]; then
  read_settings
  new_directory
  if [ -z "$(find /docker-entrypoint-initdb.d -mindepth 1 -print -quit 2>/dev/null)" ] && fits_template; then
    # Without scripts to run, the server itself makes the accounts as it starts: see below.
    zstd -dcq "$TEMPLATE" | tar -C "$NEW" -xf -
  else
    with_temporary_server "$NEW" "$@"
  fi
  commit "$NEW"
elif [ -d "$DATADIR/$UNFINISHED" ]; then
  read_settings
fi

if [ -d "$DATADIR/$UNFINISHED" ]; then
  # A pipe: the passwords are never in a file. Text that the pipe does not hold goes to a file without a name.
  exec {statements}<<<"$(account_statements)"
  become_server "$@" --init-file="/dev/fd/$statements"
fi
become_server "$@"
