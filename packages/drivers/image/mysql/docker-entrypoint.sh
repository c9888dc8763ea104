#!/bin/bash
# First start: fills the data directory and makes the accounts that the MYSQL_* variables ask for. Every start: becomes the server.
set -euo pipefail
. /usr/local/lib/entrypoint/entrypoint.sh
. /usr/local/lib/entrypoint/mysql-first-start.sh

SERVER=mysqld
CLIENT=mysql
RUN=/var/run/mysqld
OPTION_GROUPS=(mysqld server "mysqld-$MYSQL_MAJOR")
PREFIXES=(MYSQL)
SETTINGS=(ROOT_PASSWORD ROOT_HOST DATABASE USER PASSWORD RANDOM_ROOT_PASSWORD ALLOW_EMPTY_PASSWORD ONETIME_PASSWORD INITDB_SKIP_TZINFO)
FIXED_OPTIONS=(lower-case-table-names innodb-page-size innodb-data-file-path innodb-data-home-dir innodb-undo-directory
  innodb-log-group-home-dir innodb-temp-data-file-path innodb-checksum-algorithm default-table-encryption init-file initialize)
TEMPORARY_OPTIONS=(--mysqlx=0)

initialise() { "$@" --initialize-insecure --datadir="$NEW" --skip-log-bin; }
time_zones() { mysql_tzinfo_to_sql /usr/share/zoneinfo 2>/dev/null; }

check_settings() {
  [ -n "$root_password$random_root_password$allow_empty_password" ] ||
    die 'a new server must know the password of its root; set one of MYSQL_ROOT_PASSWORD, MYSQL_RANDOM_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD'
  [ "$user" != root ] || die 'MYSQL_USER is root, which is always made; set MYSQL_ROOT_PASSWORD instead'
  [ -z "$user" ] || [ -n "$password" ] || die 'MYSQL_USER is set without MYSQL_PASSWORD'
  [ -z "$password" ] || [ -n "$user" ] || die 'MYSQL_PASSWORD is set without MYSQL_USER'
}

account_statements() {
  local secret pattern partial_revokes
  secret="IDENTIFIED BY $(literal "$root_password")"
  echo 'SET @@SESSION.sql_log_bin = 0;'
  echo "SET @@SESSION.sql_mode = 'STRICT_TRANS_TABLES';"
  account root localhost "$secret"
  if [ "$root_host" != localhost ]; then
    account root "$root_host" "$secret"
    echo "GRANT ALL ON *.* TO 'root'@$(literal "$root_host") WITH GRANT OPTION;"
  fi
  if [ -n "$database" ]; then echo "CREATE DATABASE IF NOT EXISTS $(identifier "$database");"; fi
  if [ -n "$user" ]; then
    account "$user" % "IDENTIFIED BY $(literal "$password")"
    if [ -n "$database" ]; then
      # With partial revokes on, an underscore in a grant is an underscore; else it stands for any character.
      pattern=$database
      option partial-revokes partial_revokes ''
      case $partial_revokes in 1 | ON | on | TRUE | true) ;; *) pattern=${pattern//_/\\_} ;; esac
      echo "GRANT ALL ON $(identifier "$pattern").* TO $(literal "$user")@'%';"
    fi
  fi
  if [ -n "$onetime_password" ]; then echo "ALTER USER 'root'@$(literal "$root_host") PASSWORD EXPIRE;"; fi
  echo "DROP DATABASE IF EXISTS $UNFINISHED;"
}

main "$@"
