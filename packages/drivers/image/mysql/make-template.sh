#!/bin/bash
# At image build: an initialised data directory with time zones, without anything that must differ between servers. A first
# start unpacks it instead of initialising, which saves most of its time. An image without it works as well.
set -euo pipefail

work=/tmp/template
mysqld --no-defaults --initialize-insecure --user=mysql --datadir=$work --innodb-redo-log-capacity=8M --skip-log-bin
mysqld --no-defaults --user=mysql --datadir=$work --innodb-redo-log-capacity=8M --skip-log-bin --skip-networking --mysqlx=0 \
  --socket=/tmp/template.sock --pid-file=/tmp/template.pid &
server=$!
for _ in $(seq 600); do mysql --no-defaults -uroot -S /tmp/template.sock -e 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.1; done
mysql_tzinfo_to_sql /usr/share/zoneinfo 2>/dev/null | mysql --no-defaults -uroot -S /tmp/template.sock mysql
mysql --no-defaults -uroot -S /tmp/template.sock -e 'SET GLOBAL innodb_fast_shutdown = 0; SHUTDOWN'
wait $server
rm -f $work/auto.cnf $work/*.pem $work/binlog.* $work/*.err $work/ib_buffer_pool
mkdir -p /usr/local/share/mysql-template
tar -C $work -cf - . | zstd -19 -q -o /usr/local/share/mysql-template/datadir.tar.zst
rm -rf $work
