# The accounts of a new database are those that its driver gives it; from then on they are its own.
set -eu
[ -s /data/users.acl ] || { cat /run/coffer/first.acl > /data/users.acl.new; mv /data/users.acl.new /data/users.acl; }
exec valkey-server "$@"
