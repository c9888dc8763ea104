#!/bin/bash
# At image build: copies what the server and its entrypoint need into a folder, programs with the libraries that they load.
set -euo pipefail

target=$1
programs=(mysqld mysql mysqladmin mysqldump mysqlbinlog mysqlcheck mysql_tzinfo_to_sql my_print_defaults
  gosu zstd xz bzip2 gzip tar openssl bash find grep sed getent localedef ldconfig
  '[' base64 cat chmod chown cp cut date dd df dirname du env false head id install ln ls mkdir mktemp mv od printf
  readlink rm rmdir seq sha256sum sleep sort stat sync tail tee test timeout touch tr true uname wc whoami)
# Ways to log in elsewhere and to report elsewhere: a server needs none of them, and they are half of the folder.
unwanted_plugins='authentication_.*_client|telemetry|mecab'

mkdir -p "$target"/{etc,usr/{bin,sbin,lib,lib64,local/bin},var/{lib,tmp,log},tmp,root,home,run,proc,sys,dev}
for link in bin sbin lib lib64; do ln -s "usr/$link" "$target/$link"; done
ln -s /run "$target/var/run"
chmod 1777 "$target/tmp" "$target/var/tmp"
chmod 0700 "$target/root"

files=()
for program in "${programs[@]}"; do files+=("$(type -P "$program")"); done
while IFS= read -r plugin; do files+=("$plugin"); done < <(find /usr/lib/mysql/plugin -name '*.so' | grep -vE "$unwanted_plugins")
# Loaded by name at run time, so no program lists them.
files+=(/usr/lib/*/libgcc_s.so.1 /usr/lib/*/libnss_files.so.2 /usr/lib/*/libnss_dns.so.2 /usr/lib/*/libresolv.so.2)

# Each file under the name that it is loaded by and under the one that it has in the end; /lib and /bin are links already.
{
  printf '%s\n' "${files[@]}"
  # One that is linked statically has none to tell, and ldd calls that a failure.
  { ldd "${files[@]}" 2>/dev/null || true; } | sed -nE 's/^\s+(.*=> )?(\/\S+) \(.*$/\2/p'
} | sort -u | xargs ls -d 2>/dev/null | sed -E 's#^/(bin|sbin|lib|lib64)/#/usr/\1/#' >/tmp/names
xargs readlink -f </tmp/names | sort -u - /tmp/names >/tmp/files
tar -C / -cf - --no-recursion --files-from <(sed 's#^/##' /tmp/files) | tar -C "$target" -xf -
ln -sf bash "$target/usr/bin/sh"

mkdir -p "$target/usr/share"
cp -a /usr/share/mysql /usr/share/zoneinfo "$target/usr/share/"
cp -a /usr/lib/locale "$target/usr/lib/"
cp -a --parents /usr/lib/ssl /usr/share/terminfo/x/xterm /usr/share/terminfo/v/vt100 "$target/" 2>/dev/null || true
cp -a /etc/{passwd,group,nsswitch.conf,os-release,ld.so.conf,ld.so.conf.d,my.cnf,mysql,ssl} "$target/etc/"
cp -a --parents /usr/lib/os-release /usr/local/share/mysql-template "$target/"
cp -a --parents /var/lib/mysql /var/lib/mysql-files /run/mysqld /docker-entrypoint-initdb.d "$target/"
ldconfig -r "$target"
