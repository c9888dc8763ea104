#!/bin/bash
# At image build: an initialised data directory with time zones, without anything that must differ between servers. A first
# start unpacks it instead of initialising, which saves most of its time. An image without it works as well.
set -euo pipefail

work=/tmp/template
socket=/tmp/template.sock
options=(--no-defaults --user=mysql --datadir="$work" --innodb-redo-log-capacity=8M --skip-log-bin)
as_root() { mysql --no-defaults -uroot -S "$socket" "$@"; }

mysqld "${options[@]}" --initialize-insecure
mysqld "${options[@]}" --skip-networking --mysqlx=0 --socket="$socket" --pid-file=/tmp/template.pid &
server=$!
until as_root -e 'SELECT 1' >/dev/null 2>&1; do
  kill -0 $server
  sleep 0.1
done
mysql_tzinfo_to_sql /usr/share/zoneinfo 2>/dev/null | as_root mysql
# Dropped by the last statement of a first start: see the entrypoint.
as_root -e 'CREATE DATABASE first_start_unfinished; SET GLOBAL innodb_fast_shutdown = 0'
kill $server
wait $server
rm -f "$work"/auto.cnf "$work"/*.pem "$work"/binlog.* "$work"/*.err "$work"/ib_buffer_pool "$work"/mysql_upgrade_history
mkdir -p /usr/local/share/data-template
tar -C "$work" -cf - . | zstd -12 -q -o /usr/local/share/data-template/datadir.tar.zst
rm -rf "$work"
