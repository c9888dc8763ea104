# Valkey as Debian packages it. BASE names another image of Debian 13 than the registry's.
set -eu
docker build --build-arg "BASE=${BASE:-debian:trixie-slim}" -t coffer-example/valkey:8.1 "$(dirname "$0")"
