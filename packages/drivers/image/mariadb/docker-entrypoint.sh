#!/bin/bash
# First start: fills the data directory and makes the accounts that the MARIADB_* and MYSQL_* variables ask for. Every start: becomes
# the server.
set -euo pipefail
. /usr/local/lib/entrypoint/entrypoint.sh
. /usr/local/lib/entrypoint/mysql-first-start.sh

SERVER=mariadbd
CLIENT=mariadb
RUN=/run/mysqld
OPTION_GROUPS=(mysqld server mariadb mariadbd client-server)
for version in "$MARIADB_MAJOR" "${MARIADB_MAJOR%.*}"; do OPTION_GROUPS+=({mysqld,mariadb,mariadbd}-"$version"); done
PREFIXES=(MYSQL MARIADB)
SETTINGS=(ROOT_PASSWORD ROOT_PASSWORD_HASH ROOT_HOST DATABASE USER PASSWORD PASSWORD_HASH RANDOM_ROOT_PASSWORD
  ALLOW_EMPTY_PASSWORD ALLOW_EMPTY_ROOT_PASSWORD INITDB_SKIP_TZINFO)
FIXED_OPTIONS=(lower-case-table-names innodb-page-size innodb-data-file-path innodb-data-home-dir innodb-undo-directory
  innodb-log-group-home-dir innodb-checksum-algorithm aria-log-dir-path init-file)
TEMPORARY_OPTIONS=()

initialise() {
  # It finds the server by itself, and reads none of what is on its command line but the options.
  mariadb-install-db "${@:2}" --datadir="$NEW" --skip-log-bin --cross-bootstrap --skip-test-db \
    --auth-root-authentication-method=normal >/dev/null
}
time_zones() { zstd -dcq /usr/local/share/time-zones.sql.zst; }

check_settings() {
  [ -n "$root_password$root_password_hash$random_root_password$allow_empty_password$allow_empty_root_password" ] ||
    die 'a new server must know the password of its root; set one of MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_HASH, MARIADB_RANDOM_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD'
  [ -z "$root_password" ] || [ -z "$root_password_hash" ] || die 'both MARIADB_ROOT_PASSWORD and MARIADB_ROOT_PASSWORD_HASH are set; set one of them'
  [ -z "$password" ] || [ -z "$password_hash" ] || die 'both MARIADB_PASSWORD and MARIADB_PASSWORD_HASH are set; set one of them'
  [ "$user" != root ] || die 'MARIADB_USER is root, which is always made; set MARIADB_ROOT_PASSWORD instead'
  [ -z "$user" ] || [ -n "$password$password_hash" ] || die 'MARIADB_USER is set without MARIADB_PASSWORD'
  [ -z "$password$password_hash" ] || [ -n "$user" ] || die 'MARIADB_PASSWORD is set without MARIADB_USER'
}

# identified PASSWORD HASH: the clause of the one that is given.
identified() {
  if [ -n "$2" ]; then printf 'IDENTIFIED BY PASSWORD %s' "$(literal "$2")"; else printf 'IDENTIFIED BY %s' "$(literal "$1")"; fi
}

account_statements() {
  local secret pattern
  secret=$(identified "$root_password" "$root_password_hash")
  echo 'SET @@SESSION.sql_log_bin = 0;'
  echo "SET @@SESSION.sql_mode = 'STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER';"
  # The installer makes them, without a password.
  echo "DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1';"
  account root localhost "$secret"
  if [ "$root_host" != localhost ]; then
    account root "$root_host" "$secret"
    echo "GRANT ALL ON *.* TO 'root'@$(literal "$root_host") WITH GRANT OPTION;"
  fi
  if [ -n "$database" ]; then echo "CREATE DATABASE IF NOT EXISTS $(identifier "$database");"; fi
  if [ -n "$user" ]; then
    account "$user" % "$(identified "$password" "$password_hash")"
    # An underscore in a grant stands for any character unless it is escaped.
    pattern=${database//\\/\\\\}
    pattern=${pattern//_/\\_}
    if [ -n "$database" ]; then echo "GRANT ALL ON $(identifier "${pattern//%/\\%}").* TO $(literal "$user")@'%';"; fi
  fi
  echo "DROP DATABASE IF EXISTS $UNFINISHED;"
}

main "$@"
