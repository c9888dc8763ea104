#!/bin/bash
# collect.sh TARGET CONTENTS, at image build: copies what runs into a folder, programs with the libraries that they load. CONTENTS
# is a file that adds to `programs` (by name), `files` (what is loaded, by path) and `trees` (copied as they are, by path).
set -euo pipefail
# A pattern that a suite has nothing for is nothing; a plain path that is not there is a mistake.
shopt -s nullglob

target=$1
# What entrypoints and the scripts of a first start call.
programs=(gosu zstd xz bzip2 gzip tar openssl bash find grep sed getent ldconfig
  '[' base64 basename cat chmod chown cp cut date dd df dirname du env false head id install ln ls mkdir mktemp mv od printf
  readlink rm rmdir seq sha256sum sleep sort stat sync tail tee test timeout touch tr true uname wc whoami)
# Loaded by name at run time, so no program lists them.
files=(/usr/lib/*/libgcc_s.so.1 /usr/lib/*/libnss_files.so.2 /usr/lib/*/libnss_dns.so.2 /usr/lib/*/libresolv.so.2)
trees=(/usr/lib/ssl/{certs,openssl.cnf} /usr/share/zoneinfo /usr/lib/locale /usr/lib/os-release /usr/*/terminfo/x/xterm /usr/*/terminfo/v/vt100
  /etc/{passwd,group,nsswitch.conf,os-release,localtime,ld.so.conf,ld.so.conf.d,ssl/openssl.cnf} /docker-entrypoint-initdb.d)
. "$2"

mkdir -p "$target"/{etc/ssl/certs,usr/{bin,sbin,lib,lib64,local/bin},var/{lib,tmp,log},tmp,root,home,run,proc,sys,dev}
for link in bin sbin lib lib64; do ln -s "usr/$link" "$target/$link"; done
ln -s /run "$target/var/run"
chmod 1777 "$target/tmp" "$target/var/tmp"
chmod 0700 "$target/root"

for program in "${programs[@]}"; do
  path=$(type -P "$program") || { echo "collect: there is no program $program; see the packages of the Dockerfile" >&2; exit 1; }
  files+=("$path")
done

# Each file under the name that it is loaded by and under the one that it has in the end; /lib and /bin are links already.
{
  printf '%s\n' "${files[@]}"
  # One that is linked statically has none to tell, and ldd calls that a failure.
  { ldd "${files[@]}" 2>/dev/null || true; } | sed -nE 's/^\s+(.*=> )?(\/\S+) \(.*$/\2/p'
} | sort -u | xargs ls -d 2>/dev/null | sed -E 's#^/(bin|sbin|lib|lib64)/#/usr/\1/#' >/tmp/names
xargs readlink -f </tmp/names | sort -u - /tmp/names >/tmp/files
tar -C / -cf - --no-recursion --files-from <(sed 's#^/##' /tmp/files) | tar -C "$target" -xf -
ln -sf bash "$target/usr/bin/sh"

cp -a --parents "${trees[@]}" "$target/"
# The same zones once more, with leap seconds and without.
rm -rf "$target"/usr/share/zoneinfo/{right,posix}
ldconfig -r "$target"
