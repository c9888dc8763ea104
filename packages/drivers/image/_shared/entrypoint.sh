# Sourced by the entrypoints: settings from the environment, the data directory of a first start, scripts that come with it.

say() { printf '%s entrypoint: %s\n' "$(date -u +%FT%TZ)" "$*" >&2; }
die() { say "error: $*"; exit 1; }

# setting NAME [DEFAULT]: a variable from itself or from the file that NAME_FILE names; giving both is a mistake somewhere.
setting() {
  local name=$1 default=${2:-} file_name=$1_FILE
  if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then die "both $name and $file_name are set; set one of them"; fi
  if [ -n "${!file_name:-}" ]; then
    [ -r "${!file_name}" ] || die "$file_name names ${!file_name}, which cannot be read"
    printf -v "$name" '%s' "$(<"${!file_name}")"
  elif [ -z "${!name:-}" ]; then
    printf -v "$name" '%s' "$default"
  fi
  # Scripts of a first start may use it; the server must not have it in its environment.
  export "${name?}"
  unset "$file_name"
}

# hand_over ACCOUNT FOLDER…: as root, gives the folders and what is in them to the account.
hand_over() {
  local account=$1
  shift
  mkdir -p "$@"
  find "$@" -xdev ! -user "$account" -exec chown "$account:$account" {} +
}

# new_directory DATADIR NEW: an empty folder in the data directory, in which a first start makes what will be there.
new_directory() {
  local datadir=$1 new=$2
  local there=(-mindepth 1 -maxdepth 1 ! -name lost+found ! -name '.*' ! -path "$new")
  if [ -e "$new" ]; then
    # Of a first start that was cut off: nothing else than the half of it can be here.
    find "$datadir" "${there[@]}" -exec rm -rf {} +
    rm -rf "$new"
  elif [ -n "$(find "$datadir" "${there[@]}" -print -quit)" ]; then
    die "$datadir holds files but no server's data; give an empty folder or one that a server has used"
  fi
  mkdir -m 0700 "$new"
}

# commit DATADIR NEW LAST: what was made takes its place. LAST goes last: that it is in its place says that all is.
commit() {
  local datadir=$1 new=$2 last=$3
  find "$new" -mindepth 1 -maxdepth 1 ! -name "$last" -exec mv -t "$datadir" {} +
  mv "$new/$last" "$datadir/$last"
  rmdir "$new"
}

has_scripts() { [ -n "$(find /docker-entrypoint-initdb.d -mindepth 1 -print -quit 2>/dev/null)" ]; }

# Runs what lies in /docker-entrypoint-initdb.d. SQL goes to `docker_process_sql`, by which name sourced scripts know it too.
run_scripts() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh)
        say "running $file"
        if [ -x "$file" ]; then "$file"; else . "$file"; fi
        ;;
      *.sql) say "running $file"; docker_process_sql <"$file" ;;
      *.sql.gz) say "running $file"; gzip -dc "$file" | docker_process_sql ;;
      *.sql.bz2) say "running $file"; bzip2 -dc "$file" | docker_process_sql ;;
      *.sql.xz) say "running $file"; xz -dc "$file" | docker_process_sql ;;
      *.sql.zst) say "running $file"; zstd -dcq "$file" | docker_process_sql ;;
      */'*') ;;
      *) say "ignoring $file" ;;
    esac
  done
}
