#!/bin/bash
# At image build: an initialised data directory with time zones, without anything that must differ between servers. A first
# start unpacks it instead of initialising, which saves most of its time. An image without it works as well.
set -euo pipefail

work=/tmp/template
socket=/tmp/template.sock
target=/usr/local/share/data-template
# A small redo log is made as large as it shall be when the server starts.
options=(--no-defaults --user=mysql --datadir="$work" --innodb-log-file-size=4M --skip-log-bin)
as_root() { mariadb --no-defaults -uroot -S "$socket" "$@"; }

mkdir -p "$target"
mariadb-tzinfo-to-sql /usr/share/zoneinfo 2>/dev/null >/tmp/time-zones.sql
zstd -12 -q /tmp/time-zones.sql -o /usr/local/share/time-zones.sql.zst

mariadb-install-db "${options[@]}" --cross-bootstrap --skip-test-db --auth-root-authentication-method=normal >/dev/null
mariadbd "${options[@]}" --skip-networking --socket="$socket" --pid-file=/tmp/template.pid &
server=$!
until as_root -e 'SELECT 1' >/dev/null 2>&1; do
  kill -0 $server
  sleep 0.1
done
as_root mysql </tmp/time-zones.sql
# Dropped by the last statement of a first start: see the entrypoint.
as_root -e 'CREATE DATABASE first_start_unfinished; SET GLOBAL innodb_fast_shutdown = 0'
kill $server
wait $server
rm -f "$work"/ib_buffer_pool "$work"/*.err
tar -C "$work" -cf - . | zstd -12 -q -o "$target/datadir.tar.zst"
rm -rf "$work" /tmp/time-zones.sql
