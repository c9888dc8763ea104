# Sourced by the entrypoints of MySQL and MariaDB, after entrypoint.sh: everything but the words in which the two differ. Those are
# SERVER CLIENT       programs
# OPTION_GROUPS       what the server reads of its option files
# PREFIXES SETTINGS   names of environment variables are one of each; a later prefix goes before an earlier one
# FIXED_OPTIONS       what a data directory that is there cannot take over
# TEMPORARY_OPTIONS   more for a server that only scripts speak to
# initialise          makes a data directory at $NEW, by the server's command line
# time_zones          prints their SQL
# check_settings      refuses what contradicts itself
# account_statements  prints SQL, one statement a line, each of which may run twice

TEMPLATE=/usr/local/share/data-template/datadir.tar.zst
# A schema of the template that the last statement of a first start drops: while its folder is there, the accounts are not made.
UNFINISHED=first_start_unfinished

# option NAME VARIABLE DEFAULT: the last value that the server will see, into the variable; written with - or _, it is the same.
option() {
  local arg
  printf -v "$2" '%s' "$3"
  for arg in "${OPTIONS[@]}"; do
    case ${arg//_/-} in "--$1="*) printf -v "$2" '%s' "${arg#*=}" ;; "--$1") printf -v "$2" ON ;; esac
  done
}

# Each setting into the variable of its name in small letters.
read_settings() {
  local name prefix variable
  for name in "${SETTINGS[@]}"; do
    printf -v "${name,,}" ''
    for prefix in "${PREFIXES[@]}"; do
      variable=${prefix}_$name
      setting "$variable"
      [ -z "${!variable}" ] || printf -v "${name,,}" '%s' "${!variable}"
    done
  done
  root_host=${root_host:-%}
}

# A string literal of SQL, for a session that reads backslashes: at a first start sql_mode is put to that first.
literal() { local text=${1//\\/\\\\}; printf "'%s'" "${text//\'/\\\'}"; }
identifier() { printf '`%s`' "${1//\`/\`\`}"; }

# account USER HOST CLAUSE: SQL for one that is there afterwards, with this password even if an earlier try made it with another.
account() {
  local name
  name="$(literal "$1")@$(literal "$2")"
  echo "CREATE USER IF NOT EXISTS $name $3;"
  echo "ALTER USER $name $3;"
}

make_random_root_password() {
  [ -n "$random_root_password" ] || return 0
  local prefix
  root_password=$(openssl rand -base64 24)
  # Scripts look for it there.
  for prefix in "${PREFIXES[@]}"; do export "${prefix}_ROOT_PASSWORD=$root_password"; done
  say "GENERATED ROOT PASSWORD: $root_password"
}

# The template was made with the defaults of what cannot be changed afterwards.
fits_template() {
  [ -r "$TEMPLATE" ] || return 1
  local name value
  for name in "${FIXED_OPTIONS[@]}"; do
    option "$name" value ''
    [ -z "$value" ] || return 1
  done
}

as_root() {
  # Not an argument and not in the environment: the client reads its password from a file that is no file.
  local password=${known_password//\\/\\\\}
  "$CLIENT" --defaults-extra-file=<(printf '[client]\npassword="%s"\n' "${password//\"/\\\"}") \
    --no-auto-rehash -uroot -S "$socket" --comments "$@"
}

# The server's command line, for the data directory in the making: makes the accounts, then runs the scripts.
with_temporary_server() {
  local server socket known_password='' in_database=()
  # Where the client looks by itself: scripts of a first start call it.
  option socket socket "$RUN/mysqld.sock"
  "$@" --datadir="$NEW" --skip-networking --skip-log-bin "${TEMPORARY_OPTIONS[@]}" --socket="$socket" --pid-file="$RUN/first-start.pid" &
  server=$!
  until as_root -e 'SELECT 1' >/dev/null 2>&1; do
    kill -0 $server 2>/dev/null || die 'the server ended while it was being set up; its lines above say why'
    sleep 0.1
  done
  # The template has them.
  if [ ! -d "$NEW/$UNFINISHED" ] && [ -z "$initdb_skip_tzinfo" ]; then time_zones | as_root mysql; fi
  account_statements | as_root
  known_password=$root_password
  if [ -n "$database" ]; then in_database=("--database=$database"); fi
  docker_process_sql() { as_root "${in_database[@]}" "$@"; }
  run_scripts
  kill $server
  wait $server || die 'the server did not stop cleanly after it was set up'
}

become_server() {
  local prefix name
  for prefix in "${PREFIXES[@]}"; do
    for name in "${SETTINGS[@]}"; do unset "${prefix}_$name" "${prefix}_${name}_FILE"; done
  done
  exec "$@"
}

# main ARGUMENT…: what the container was told to run.
main() {
  case ${1:-} in '' | -*) set -- "$SERVER" "$@" ;; esac
  case $1 in "$SERVER" | mysqld) ;; *) exec "$@" ;; esac
  local arg
  for arg; do
    case $arg in --help | -'?' | --version | -V | --verbose | -v | --print-defaults) exec "$@" ;; esac
  done

  # What the server will be told, by its files and then by its command line: asked for once, as each asking starts a program.
  mapfile -t OPTIONS < <(my_print_defaults "${OPTION_GROUPS[@]}"; printf '%s\n' "${@:2}")
  option datadir DATADIR /var/lib/mysql
  DATADIR=${DATADIR%/}
  # Not a hidden folder: the server does not find its tablespaces in one. And none that a schema could have made.
  NEW="$DATADIR/#first_start_new"

  if [ "$(id -u)" = 0 ]; then
    hand_over mysql "$DATADIR" "$RUN"
    # A file with a secret may be for root alone.
    if [ ! -d "$DATADIR/mysql" ] || [ -d "$DATADIR/$UNFINISHED" ]; then read_settings; fi
    exec gosu mysql "$0" "$@"
  fi

  if [ ! -d "$DATADIR/mysql" ]; then
    read_settings
    check_settings
    make_random_root_password
    new_directory "$DATADIR" "$NEW"
    if fits_template; then
      zstd -dcq "$TEMPLATE" | tar -C "$NEW" -xpf -
    else
      say 'initialising the data directory'
      initialise "$@"
    fi
    # From the template and without scripts, the server itself makes the accounts as it starts: see below.
    if has_scripts || [ ! -d "$NEW/$UNFINISHED" ]; then with_temporary_server "$@"; fi
    commit "$DATADIR" "$NEW" mysql
  elif [ -d "$DATADIR/$UNFINISHED" ]; then
    read_settings
    check_settings
    make_random_root_password
  fi

  if [ -d "$DATADIR/$UNFINISHED" ]; then
    # A pipe: the passwords are never in a file. Text that the pipe does not hold goes to a file without a name.
    exec {statements}<<<"$(account_statements)"
    become_server "$@" --init-file="/dev/fd/$statements"
  fi
  become_server "$@"
}
