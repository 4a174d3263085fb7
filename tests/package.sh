#!/bin/bash
# The Debian package: built from what is committed, looked over by lintian, and installed, run,
# removed and purged in a clean Debian 12 below a temporary folder. As root; prints TAP.
#
# Needs, and installs what is missing of: $build_packages of contrib/common.sh, dpkg-dev,
# debhelper, fakeroot, lintian, debootstrap, mandoc, python3. The clean root comes from the mirror
# in /etc/apt/sources.list*, about 300 MB. TMPDIR says where all of it goes.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../contrib/common.sh"

[ $# = 0 ] || die 64 "usage: tests/package.sh"
need_root
# shellcheck disable=SC2086
need_packages $build_packages dpkg-dev debhelper fakeroot lintian debootstrap mandoc python3 >&2

export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
export DEB_BUILD_OPTIONS="parallel=$jobs ${DEB_BUILD_OPTIONS-}"
umask 022

work=$(mktemp -d) || die 73 "no temporary folder"
log=$work/log tree=$work/lead-milter clean=$work/root
daemons=()
# shellcheck disable=SC2317
clean_up() {
  local pid
  for pid in "${daemons[@]}"; do kill -KILL "$pid" 2>/dev/null; done
  # What is mounted below is so in namespaces that have ended; --one-file-system if ever one has not.
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

n=0 failed=0
# check NAME COMMAND…: one test; what the command says is shown if it fails.
check() {
  local name=$1
  shift
  n=$((n + 1))
  if "$@" >"$log" 2>&1 </dev/null; then
    echo "ok $n - $name"
    return 0
  fi
  tail -n 40 "$log" | sed 's/^/# /'
  echo "not ok $n - $name"
  failed=$((failed + 1))
  return 1
}

# need NAME COMMAND…: one without which the others are nothing.
need() {
  check "$@" || {
    echo "Bail out! $1"
    exit 1
  }
}

# A command in the clean root, with a /proc that goes when it ends.
inside() {
  # shellcheck disable=SC2016
  unshare --mount --pid --fork --kill-child sh -c '
    mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$clean" "$@"
}

as_daemon() {
  chroot --userspec=lead-milter:lead-milter --groups= "$clean" "$@"
}

# within SECONDS COMMAND…
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

# --- the build ---

export_tree() {
  mkdir "$tree" && git -C "$root" archive HEAD | tar -x -C "$tree" \
    && cp -r "$tree/contrib/debian" "$tree/debian"
}

build_package() {
  (cd "$tree" && dpkg-buildpackage -b -us -uc) || return
  deb=$(ls "$work"/lead-milter_*.deb) changes=$(ls "$work"/lead-milter_*.changes)
}

same_version() {
  local version
  version=$(sed -n 's/^AC_INIT(\[lead-milter\], \[\(.*\)\])$/\1/p' "$tree/configure.ac")
  [ -n "$version" ] && [ "$(dpkg-deb -f "$deb" Version)" = "$version" ]
}

files() { (cd "$1" && find . ! -type d -printf '%P\n' | sort); }

# Those of the package by the names that they have before debhelper compresses them, without what
# only the package has.
same_files() {
  local file packed
  make -C "$tree" -s install DESTDIR="$work/installed" || return
  dpkg-deb -x "$deb" "$work/unpacked" || return
  diff <(files "$work/installed") <(files "$work/unpacked" \
    | grep -vE '^(etc/lead-milter|(usr/)?lib/systemd/system|usr/lib/(sysusers|tmpfiles)\.d|usr/share/doc)/' \
    | sed -E 's,^(usr/share/man/.*)\.gz$,\1,' | sort) || return
  while read -r file; do
    packed=$work/unpacked/$file
    case $file in
      usr/bin/* | usr/sbin/*) [ -x "$packed" ] ;; # stripped
      usr/share/man/*) zcat "$packed.gz" | cmp - "$work/installed/$file" ;;
      *) cmp "$packed" "$work/installed/$file" ;;
    esac || return
  done < <(files "$work/installed")
}

conffiles_right() {
  diff <(
    echo /etc/lead-milter/lead-milter.yaml
    git -C "$root" ls-tree -r --name-only HEAD rules | grep -v local.mk | sed 's,^,/etc/lead-milter/,'
  ) <(dpkg-deb -I "$deb" conffiles) && diff -r -x local.mk "$tree/rules" "$work/unpacked/etc/lead-milter/rules"
}

# --- the clean root ---

# The lines "URI SUITE" of Debian's own archives for bookworm.
mirrors() {
  {
    sed -nE 's/^deb +(\[[^]]*\] +)?//p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null
    awk '
      function tell(u, s, i, j) {
        u = split(uris, us, " "); s = split(suites, ss, " ")
        if (types ~ /deb( |$)/)
          for (i = 1; i <= u; i++) for (j = 1; j <= s; j++) print us[i], ss[j], components
        types = uris = suites = components = ""
      }
      FNR == 1 || /^[ \t]*$/ { tell() }
      { name = tolower($1); text = $0; sub(/^[^:]*:[ \t]*/, "", text) }
      name == "types:" { types = text } name == "uris:" { uris = text }
      name == "suites:" { suites = text } name == "components:" { components = text }
      END { tell() }' /etc/apt/sources.list.d/*.sources 2>/dev/null
  } | awk '$2 ~ /^bookworm(-updates|-security)?(\/updates)?$/ && / main( |$)/ && !seen[$1 $2]++ { print $1, $2 }'
}

make_root() {
  local mirror
  mirror=$(mirrors | awk '$2 == "bookworm" { print $1; exit }')
  debootstrap --variant=minbase bookworm "$clean" "${mirror:-http://deb.debian.org/debian}" || return
  mirrors | sed 's/.*/deb & main/' >"$work/sources.list"
  [ ! -s "$work/sources.list" ] || cp "$work/sources.list" "$clean/etc/apt/sources.list"
  # Nothing in it is to be started by its installation, whatever the machine around it runs.
  printf '#!/bin/sh\nexit 101\n' >"$clean/usr/sbin/policy-rc.d" && chmod 755 "$clean/usr/sbin/policy-rc.d"
  inside apt-get -q update
}

install_package() {
  cp "$deb" "$clean/tmp/package.deb" \
    && inside apt-get -q -y --no-install-recommends install /tmp/package.deb
}

nothing_enabled() {
  local enabled
  enabled=$(find "$clean/etc/systemd" -name 'lead-*') || return
  echo "$enabled"
  [ -z "$enabled" ]
}

user_is_right() {
  local entry folder
  entry=$(grep '^lead-milter:' "$clean/etc/passwd") && echo "$entry" || return
  folder=$(inside stat -c '%U:%G %a' /var/lib/lead-milter) && echo "$folder" || return
  [[ $entry == *:/var/lib/lead-milter:/usr/sbin/nologin ]] && [ "$folder" = "lead-milter:lead-milter 700" ] \
    && grep -q '^lead-milter:[!*]' "$clean/etc/shadow"
}

extracts() { # COMMAND…: of one sample, all that the lead must have
  local lead
  lead=$("$@" /etc/lead-milter/rules/samples/angi-1.eml) && echo "$lead" || return
  [[ $lead == *'"Ada Lovelace"'* && $lead == *ada@lovelace.example* && $lead == *60607* ]]
}

# --- the daemons ---

configure() {
  cat >"$clean/etc/lead-milter/lead-milter.yaml" <<'YAML' || return
listen: unix:/var/lib/lead-milter/lead-milter.sock
rules: /etc/lead-milter/rules
queue: sqlite:/var/lib/lead-milter/queue.db
own_domains: [example.com]
accounts:
  - name: main
    endpoint: http://127.0.0.1:9/
    token_file: /etc/lead-milter/token
mailboxes:
  - recipient: leads@example.com
YAML
  install -m 600 /dev/null "$clean/etc/lead-milter/token" && echo invented.for.tests >"$clean/etc/lead-milter/token" \
    && chroot "$clean" chown lead-milter: /etc/lead-milter/token && as_daemon leadctl check
}

# exec, so that the process known here is the daemon, not a shell around it.
start() { # NAME
  (exec chroot --userspec=lead-milter:lead-milter --groups= "$clean" "/usr/sbin/$1" -f) \
    >"$work/$1.log" 2>&1 </dev/null &
  daemons+=($!)
}

running() { # PID LOG: still there after a second
  sleep 1
  cat "$2"
  kill -0 "$1"
}

stops() { # PID LOG: with status 0
  local status
  kill -TERM "$1"
  wait "$1"
  status=$?
  cat "$2"
  echo "status $status"
  [ $status = 0 ]
}

send_mail() {
  PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$tree/tests/e2e /usr/bin/python3 - \
    "$clean/var/lib/lead-milter/lead-milter.sock" "$tree/rules/samples/angi-1.eml" <<'PYTHON'
import sys
from milterclient import Milter
mail = open(sys.argv[2], "rb").read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
with Milter("unix:" + sys.argv[1]) as milter:
    outcome = milter.deliver(mail)
print(outcome)
assert len(outcome.lead_ids) == 1 and outcome.answer == "c"
PYTHON
}

queued() {
  as_daemon leadctl --json queue list
}

# The endpoint is a port where nobody listens: the lead waits, having been tried.
tried() {
  queued | grep -q '"attempts" : [1-9]' && queued | grep -q '"state" : "pending"'
}

completes() {
  local id
  id=$(queued | sed -n 's/^    "id" : "\(.*\)",/\1/p') && [ -n "$id" ] || return
  # shellcheck disable=SC2016
  [ "$(as_daemon /bin/bash -c '. /usr/share/bash-completion/completions/leadctl
    COMP_WORDS=(leadctl queue show "") COMP_CWORD=3
    _leadctl && echo "${COMPREPLY[@]}"')" = "$id" ]
}

# --- removal ---

named() { # what the file system has of it
  find "$clean" -xdev \( -name '*lead-milter*' -o -name '*lead-submit*' -o -name 'leadctl*' \) -printf '/%P\n' | sort
}

data_there() {
  [ -s "$clean/var/lib/lead-milter/queue.db" ] && [ -s "$clean/etc/lead-milter/token" ] \
    && grep -q 127.0.0.1:9 "$clean/etc/lead-milter/lead-milter.yaml"
}

upgrade() {
  rm "$clean/etc/lead-milter/rules/20-yelp.yaml" || return
  inside dpkg -i /tmp/package.deb && data_there \
    && [ ! -e "$clean/etc/lead-milter/rules/20-yelp.yaml" ]
}

remove() {
  inside apt-get -q -y remove lead-milter || return
  named
  data_there && [ ! -e "$clean/usr/sbin/lead-milter" ] && [ ! -e "$clean/usr/share/lead-milter" ]
}

purge() {
  local left
  # A rule of the admin's own, which dpkg does not know.
  touch "$clean/etc/lead-milter/rules/20-own.yaml" || return
  inside apt-get -q -y purge lead-milter || return
  left=$(named)
  echo "$left"
  [ -z "$left" ]
}

locked() {
  grep '^lead-milter:.*:/usr/sbin/nologin$' "$clean/etc/passwd" && grep '^lead-milter:[!*]' "$clean/etc/shadow"
}

echo 1..24
need "git archive HEAD, with contrib/debian as debian" export_tree
need "dpkg-buildpackage, with the unit tests" build_package
check "lintian: no errors, no warnings" lintian --allow-root --fail-on error,warning "$changes"
check "changelog and configure.ac have the same version" same_version
check "make install puts the same files" same_files
check "configuration and rules are conffiles" conffiles_right
need "debootstrap makes a clean root" make_root
need "it is installed with what it depends on" install_package
check "nothing is enabled" nothing_enabled
check "a locked user, and its folder with mode 0700" user_is_right
check "leadctl check, as installed" inside leadctl check
check "leadctl extract, as installed" extracts inside leadctl extract
check "leadctl check of a small configuration" configure

start lead-milter
check "lead-milter runs" within 10 test -S "$clean/var/lib/lead-milter/lead-milter.sock"
start lead-submit
check "lead-submit runs" running "${daemons[1]}" "$work/lead-submit.log"
check "a mail becomes a lead" send_mail
check "lead-submit tries to send it" within 10 tried
check "its id is completed" completes
check "lead-milter ends when told to" stops "${daemons[0]}" "$work/lead-milter.log"
check "lead-submit ends when told to" stops "${daemons[1]}" "$work/lead-submit.log"
daemons=()

check "an upgrade leaves what was changed" upgrade
check "removed: configuration and queue stay" remove
rm -f "$clean/tmp/package.deb"
check "purged: nothing stays" purge
check "but the user, locked" locked
[ $failed = 0 ]
