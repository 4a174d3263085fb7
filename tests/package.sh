#!/bin/bash
# The Debian package: built from what is committed, looked over by lintian, and installed, run,
# removed and purged in a clean Debian 12 below a temporary folder; then once more there with its
# units, under a systemd that runs in namespaces of its own. As root; prints TAP.
#
# Needs, and installs what is missing of: $build_packages of contrib/common.sh, dpkg-dev,
# debhelper, fakeroot, lintian, debootstrap, mandoc, python3, openssl, procps, git. The clean root
# comes from the mirror in /etc/apt/sources.list*, about 300 MB. TMPDIR says where all of it goes.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../contrib/common.sh"

[ $# = 0 ] || die 64 "usage: tests/package.sh"
need_root
# shellcheck disable=SC2086
need_packages $build_packages dpkg-dev debhelper fakeroot lintian debootstrap mandoc python3 openssl \
  procps git >&2

export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1
export DEB_BUILD_OPTIONS="parallel=$jobs ${DEB_BUILD_OPTIONS-}"
umask 022

work=$(mktemp -d) || die 73 "no temporary folder"
log=$work/log tree=$work/lead-milter clean=$work/root
daemons=() init='' cgroup=lead-milter-test.$$
# shellcheck disable=SC2317
clean_up() {
  local pid
  for pid in "${daemons[@]}"; do kill -KILL "$pid" 2>/dev/null; done
  wait 2>/dev/null
  remove_cgroup 2>/dev/null
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

# A command in the clean root, where there is no TMPDIR, with a /proc that goes when it ends.
inside() {
  # shellcheck disable=SC2016
  unshare --mount --pid --fork --kill-child sh -c '
    mount -t proc proc "$0/proc" && exec env -u TMPDIR chroot "$0" "$@"' "$clean" "$@"
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

# Root may read a clone of another owner.
in_git() {
  git -c safe.directory='*' -C "$root" "$@"
}

export_tree() {
  mkdir "$tree" && in_git archive HEAD | tar -x -C "$tree" \
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
    in_git ls-tree -r --name-only HEAD rules | grep -v local.mk | sed 's,^,/etc/lead-milter/,'
  ) <(dpkg-deb -I "$deb" conffiles) && diff -r -x local.mk "$tree/rules" "$work/unpacked/etc/lead-milter/rules"
}

# --- the clean root ---

# The lines "URI SUITE" of Debian's own archives for bookworm, of those that debootstrap can fetch from:
# Debian's cloud images have mirror+file:.
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
  } | awk '$1 ~ /^https?:/ && $2 ~ /^bookworm(-updates|-security)?(\/updates)?$/ && / main( |$)/ \
    && !seen[$1 $2]++ { print $1, $2 }'
}

make_root() {
  local mirror
  mirror=$(mirrors | awk '$2 == "bookworm" { print $1; exit }')
  debootstrap --variant=minbase bookworm "$clean" "${mirror:-http://deb.debian.org/debian}" || return
  [ -z "$mirror" ] || mirrors | sed 's/.*/deb & main/' >"$clean/etc/apt/sources.list"
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
  PYTHONPATH=$tree/tests/e2e /usr/bin/python3 - \
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

# --- under systemd ---

# From outside, where the network is. /tmp is emptied when systemd starts.
add_systemd() {
  cp "$deb" "$clean/root/package.deb" \
    && inside apt-get -q -y --no-install-recommends install systemd-sysv postfix \
    && rm "$clean/usr/sbin/policy-rc.d"
}

# As the machine around has them, which may be read-only: a new mount would set its options for all.
mount_cgroups() {
  local there
  if there=$(findmnt -nf -t cgroup2 -o TARGET); then
    mount --bind "$there" "$work/cgroup" && mount -o remount,bind,rw "$work/cgroup"
  else
    mount -t cgroup2 cgroup2 "$work/cgroup"
  fi
}

# A cgroup for systemd to manage.
enter_cgroup() {
  mount_cgroups && mkdir "$work/cgroup/$cgroup" \
    && echo 0 >"$work/cgroup/$cgroup/cgroup.procs" && umount "$work/cgroup"
}

remove_cgroup() {
  # shellcheck disable=SC2016
  unshare --mount bash -c 'mount_cgroups && find "$work/cgroup/$cgroup" -depth -type d -exec rmdir {} \;'
}

# The first process of the namespaces becomes systemd, which sees what a container's would: nothing
# of the machine that it could change.
become_systemd() {
  local device
  mount --bind "$clean" "$clean" && cd "$clean" && mount -t proc proc proc \
    && mount --bind proc/sys proc/sys && mount -o remount,bind,ro proc/sys \
    && mount -t sysfs -o ro sysfs sys && mount -t cgroup2 cgroup2 sys/fs/cgroup \
    && mount -t tmpfs -o mode=755 tmpfs dev || exit
  for device in null zero full random urandom tty; do
    touch "dev/$device" && mount --bind "/dev/$device" "dev/$device" || exit
  done
  ln -s /proc/self/fd dev/fd && ln -s pts/ptmx dev/ptmx || exit
  # The credentials of a unit reach it, and us, by a mount that is shared.
  pivot_root . mnt && exec chroot . sh -c 'umount -l /mnt && mount --make-rshared / \
    && exec env -i container=other /lib/systemd/systemd'
}

booted() {
  nsenter --target "$init" --all --root --wd env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"
}

# Before it is systemd, systemctl would be the machine's own.
is_booted() {
  init=$(pgrep -P "${daemons[0]}") && tr '\0' '\n' <"/proc/$init/environ" | grep -qx container=other \
    && booted systemctl is-system-running | grep -xE 'running|degraded'
}

boot() {
  mkdir -p "$work/cgroup"
  export work clean cgroup
  export -f mount_cgroups enter_cgroup become_systemd
  # unshare itself stays outside: a cgroup with a process in it can hand no controllers down.
  (exec unshare --mount --pid --uts --ipc --net --fork --kill-child bash -c '
    enter_cgroup && exec unshare --cgroup bash -c become_systemd') >"$work/boot.log" 2>&1 </dev/null &
  daemons=($!)
  within 120 is_booted || {
    cat "$work/boot.log"
    return 1
  }
  booted systemctl --failed
}

install_booted() {
  booted dpkg -i /root/package.deb && nothing_enabled \
    && ! booted systemctl is-active lead-milter.socket lead-milter lead-submit
}

# Outside's python, in systemd's network, which is a loopback alone.
python() {
  PYTHONPATH=$tree/tests/e2e nsenter --target "$init" --net /usr/bin/python3 "$@"
}

start_standin() {
  mkdir "$work/api"
  # Not by `python`, in whose stead a shell would be killed at the end.
  PYTHONPATH=$tree/tests/e2e nsenter --target "$init" --net /usr/bin/python3 \
    "$tree/tests/e2e/standin.py" "$work/api" >"$work/api/said" 2>&1 </dev/null &
  daemons+=($!)
  within 30 grep -q ^token: "$work/api/said"
}

write_token() {
  echo "$1" >"$clean/etc/lead-milter/token"
}

active() {
  [ "$(booted systemctl is-active "$@" | sort -u)" = active ]
}

# As README.Debian says.
start_units() {
  start_standin && cp "$work/api/ca.crt" "$clean/etc/lead-milter/ca.crt" || return
  sed -i "s,^    endpoint:.*,    $(grep ^endpoint: "$work/api/said")\n    ca_file: /etc/lead-milter/ca.crt," \
    "$clean/etc/lead-milter/lead-milter.yaml"
  install -m 600 /dev/null "$clean/etc/lead-milter/token" \
    && write_token "$(sed -n 's/^token: //p' "$work/api/said")" \
    && booted leadctl check \
    && booted systemctl enable --now lead-milter.socket lead-milter lead-submit \
    && booted systemctl enable --now lead-submit-token.path \
    && within 30 active lead-milter.socket lead-milter lead-submit lead-submit-token.path \
    && within 30 booted leadctl api check || return
  booted postconf -e relay_domains=example.com relay_transport=discard: local_recipient_maps= \
    smtpd_milters=unix:lead-milter/lead-milter.sock milter_default_action=tempfail \
    && booted postfix reload
}

mail() { # TEXT-OF-ITS-OWN
  python - "$1" <<'PYTHON'
import smtplib
import sys
mail = """From: Ada Lovelace <ada.{0}@lovelace.example>
To: leads@example.com
Subject: Roof
Message-ID: <{0}@lovelace.example>

My roof at 300 N Elm St, Chicago, IL 60607 leaks. Please call (312) 555-0100. {0}
"""
with smtplib.SMTP("127.0.0.1", 25, local_hostname="test") as smtp:
    smtp.sendmail("ada@lovelace.example", ["leads@example.com"], mail.format(sys.argv[1]))
PYTHON
}

arrived() { # TEXT
  grep -F "ada.$1@lovelace.example" "$work/api/said"
}

mail_arrives() {
  within 30 mail first && within 30 arrived first
}

expose_little() {
  local unit
  for unit in lead-milter lead-submit; do
    booted systemd-analyze security --no-pager --threshold=20 "$unit" | tail -n 1
    [ "${PIPESTATUS[0]}" = 0 ] || return
  done
}

# One that has come while a daemon ended may be cut off; nobody may be refused.
restarts_refuse_nobody() {
  local client i
  python - "$clean/var/spool/postfix/lead-milter/lead-milter.sock" <<'PYTHON' &
import sys
import time
from milterclient import Closed, Milter
end, answered, cut = time.monotonic() + 4, 0, 0
while time.monotonic() < end:
    try:
        with Milter("unix:" + sys.argv[1]):
            answered += 1
    except (Closed, BrokenPipeError):
        cut += 1
print(f"answered {answered}, cut off {cut}")
assert answered > 20 and cut < 5
PYTHON
  client=$!
  for i in 1 2 3; do
    sleep 1
    booted systemctl restart lead-milter || return
  done
  wait $client
}

stopped() {
  booted leadctl stats | grep 'account main is stopped'
}

invocation() {
  booted systemctl show -p InvocationID --value lead-submit
}

# Not the one that it was, and active.
another() { # INVOCATION
  [ "$(invocation)" != "$1" ] && active lead-submit
}

token_changes() {
  local token first
  token=$(cat "$clean/etc/lead-milter/token")
  first=$(invocation)
  write_token wrong.wrong.wrong && within 30 another "$first" \
    && mail second && within 30 stopped && ! arrived second \
    && write_token "$token" && within 30 arrived second
}

# systemd's limit is five in ten seconds.
many_restarts() {
  local i
  for i in 1 2 3 4 5 6 7 8; do
    booted systemctl restart lead-milter lead-submit || return
  done
  active lead-milter lead-submit
}

restarted() {
  booted systemctl show -p NRestarts lead-milter lead-submit >"$work/restarts"
  [ "$(grep -c NRestarts=1 "$work/restarts")" = 2 ] && active lead-milter lead-submit
}

killed() {
  booted systemctl kill -s KILL lead-milter lead-submit && within 30 restarted \
    && within 30 mail third && within 30 arrived third
}

# And once they are mended the units start by themselves.
mistakes_fail() {
  local config=$clean/etc/lead-milter/lead-milter.yaml unit
  cp -p "$config" "$work/config" && echo 'mistake: yes' >>"$config" || return
  for unit in lead-milter lead-submit; do
    ! booted systemctl restart "$unit" || return
  done
  cp -p "$work/config" "$config" && within 30 active lead-milter lead-submit
}

journal() {
  booted journalctl --no-pager -o cat -u 'lead-*'
}

reloads() {
  journal | grep '^info: reloaded: sources=' && journal | grep '^info: reloaded$'
}

reload() {
  booted systemctl reload lead-milter lead-submit && within 30 reloads
}

# With the time in front a line is one that came by standard error.
journal_is_right() {
  journal >"$work/journal"
  tail -n 20 "$work/journal"
  grep -q 'source=generic account=main' "$work/journal" && grep -q ' done: status=201 ' "$work/journal" \
    && ! grep -E '^[0-9]{4}-' "$work/journal" \
    && ! grep -iE "lovelace|elm st|555-01|$(cat "$clean/etc/lead-milter/token")" "$work/journal"
}

purge_booted() {
  local left
  booted apt-get -q -y purge lead-milter || return
  ! booted systemctl is-active lead-milter.socket lead-milter lead-submit lead-submit-token.path || return
  left=$(named)
  echo "$left"
  [ -z "$left" ] && [ ! -e "$clean/var/spool/postfix/lead-milter" ]
}

ended() {
  ! kill -0 "${daemons[0]}"
}

shut_down() {
  booted systemctl poweroff
  within 120 ended && remove_cgroup
}

echo 1..39
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

need "systemd and Postfix are added to the root" add_systemd
need "systemd starts in it" boot
need "it is installed once more; nothing runs" install_booted
need "its units start as README.Debian says" start_units
check "a mail through Postfix reaches the API" mail_arrives
check "the units as they run expose little" expose_little
check "restarts refuse no connection" restarts_refuse_nobody
check "a new token is taken" token_changes
check "they may be restarted often" many_restarts
check "killed they start again" killed
check "a restart with mistakes in the configuration fails" mistakes_fail
check "both reload" reload
check "the journal has each line once, and nothing personal" journal_is_right
check "purged while they run: they end, and nothing stays" purge_booted
check "systemd ends" shut_down
[ $failed = 0 ]
