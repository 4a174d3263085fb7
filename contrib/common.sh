# For quickstart and check, which read it: packages and the build. Bash.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)

# What Debian 12 calls the things that lead-milter is built from, and that running it needs.
build_packages="gcc g++ make autoconf automake pkg-config libc6-dev libglib2.0-dev libgmime-3.0-dev
  libpcre2-dev libcurl4-openssl-dev libsqlite3-dev libxml2-dev libyaml-dev libjson-glib-dev
  libmilter-dev libphonenumber-dev libicu-dev tzdata ca-certificates"
run_packages="postfix python3 openssl procps"
# What make bench measures against, and draws with.
bench_packages="nginx-light nghttp2-client curl gnuplot-nox"
# Sendmail is not among these: its package conflicts with Postfix's, see unpack_sendmail.
check_packages="m4 opendkim opendkim-tools systemd python3-pytest python3-yaml python3-selenium
  chromium chromium-driver mandoc clang libclang-rt-dev dpkg-dev debhelper fakeroot lintian debootstrap
  $bench_packages"

started=$SECONDS

say() {
  printf '%s [%3ds] %s\n' "${0##*/}:" $((SECONDS - started)) "$*" >&2
}

# die STATUS TEXT…: the status as in sysexits.h
die() {
  local status=$1
  shift
  printf '%s %s\n' "${0##*/}:" "$*" >&2
  exit "$status"
}

need_root() {
  [ "$(id -u)" = 0 ] || die 77 "must run as root: Postfix starts as root, and apt-get installs"
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' || echo "$package"
  done
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends --no-remove \
    "$@" </dev/null
}

# Install what is missing of the packages named; nothing is upgraded for its own sake or removed.
# A daemon that is installed here is not started, and Postfix gets no configuration.
need_packages() {
  local missing log policy=
  command -v apt-get >/dev/null || die 69 "needs apt-get: this is for Debian 12"
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  log=$(mktemp)
  if [[ " ${missing[*]} " =~ " "(postfix|opendkim|nginx-light)" " ]]; then
    debconf-set-selections <<<'postfix postfix/main_mailer_type select No configuration'
    if [ ! -e /usr/sbin/policy-rc.d ]; then
      policy=/usr/sbin/policy-rc.d
      trap 'rm -f /usr/sbin/policy-rc.d' EXIT
      printf '#!/bin/sh\nexit 101\n' >$policy
      chmod 755 $policy
    fi
  fi
  if ! apt_install "${missing[@]}" >"$log" 2>&1; then
    # The lists of packages may be missing or old.
    { apt-get update -q && apt_install "${missing[@]}"; } >>"$log" 2>&1 </dev/null || {
      tail -n 20 "$log" >&2
      rm -f "$log"
      die 69 "apt-get could not install: ${missing[*]}
(if it wants to remove another mail server: that is left alone; use a machine or container without)"
    }
  fi
  rm -f "$log"
  if [ -n "$policy" ]; then
    rm -f $policy
    trap - EXIT
  fi
}

# unpack FOLDER FETCH COMMAND…: the packages that FETCH puts where it is called, in FOLDER and nowhere
# else, then the command in it. Nothing to do if FOLDER is there.
unpack() {
  local folder=$1 fetch=$2 new=$1.new log deb
  shift 2
  [ ! -e "$folder" ] || return 0
  command -v apt-get >/dev/null || die 69 "needs apt-get: this is for Debian 12"
  exec 8>/run/lead-milter-apt.lock && flock 8 # apt-get's own is no queue
  say "unpacking in $folder"
  rm -rf "$new"
  mkdir -p "$new/packages/partial" || die 73 "$new: cannot be made"
  log=$(mktemp)
  if ! (cd "$new/packages" && $fetch) >"$log" 2>&1 </dev/null; then
    { apt-get update -q && (cd "$new/packages" && $fetch); } >>"$log" 2>&1 </dev/null || {
      tail -n 20 "$log" >&2
      rm -f "$log"
      die 69 "apt-get could not fetch what belongs in $folder"
    }
  fi
  rm -f "$log"
  for deb in "$new"/packages/*.deb; do
    dpkg-deb -x "$deb" "$new" || die 69 "$deb: cannot be unpacked"
  done
  rm -rf "$new/packages"
  (cd "$new" && "$@") || die 69 "$new: is not what Debian 12 has"
  mv "$new" "$folder"
  exec 8>&-
}

# Sendmail and the libraries that are missing for it: what an installation, which would remove
# Postfix, would fetch. apt-get's user may not write there.
fetch_sendmail() {
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --download-only --no-install-recommends \
    -o APT::Sandbox::User=root -o Dir::Cache::archives="$PWD" sendmail-bin
}

unpack_sendmail() {
  # A program with another group than its caller's ignores LD_LIBRARY_PATH.
  unpack "$1" fetch_sendmail chmod g-s usr/libexec/sendmail/sendmail
}

fetch_promtool() {
  apt-get download -q -o APT::Sandbox::User=root prometheus
}

# Of Prometheus only promtool, which needs no library.
unpack_promtool() {
  unpack "$1" fetch_promtool rm usr/bin/prometheus
}

autoreconf_tree() {
  (cd "$root" && autoreconf -i)
}

# build FOLDER [CONFIGURE-ARGUMENT…]: out of tree; what is there already is brought up to date.
build() {
  local folder=$1 stamp
  shift
  stamp="$root $*"
  # The tree may have been moved, or the arguments be others.
  if [ "$(cat "$folder/.built-from" 2>/dev/null)" != "$stamp" ]; then
    rm -rf "$folder"
  fi
  if [ ! -x "$root/configure" ] || [ ! -e "$root/Makefile.in" ]; then
    autoreconf_tree || return
  fi
  mkdir -p "$folder"
  if [ ! -e "$folder/config.status" ]; then
    (cd "$folder" && "$root/configure" --quiet "$@") || return
    printf '%s\n' "$stamp" >"$folder/.built-from"
  fi
  make -C "$folder" -s -j"$jobs"
}
