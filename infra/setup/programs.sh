#!/usr/bin/env bash
# Unpacks the programs that tests run against into .programs/, without installing them on the system.
# Usage: npm run programs [-- --optional]      --optional: where it cannot be done, say so and exit 0.
# To add a program: a line in the table, and one in test/support/find-program.ts.
set -euo pipefail

# Debian suite, folder below .programs/, packages. Programs end up in .programs/<folder>/usr/bin.
table='
sid       sid       prometheus promtool
sid       moto      python3-moto
bullseye  bullseye  consul prometheus
bookworm  nsd       nsd libevent-2.1-7 libfstrm0 libprotobuf-c1
bookworm  rclone    rclone
bookworm  zookeeper libzookeeper-java libslf4j-java libdropwizard-metrics-java libcommons-io-java libsnappy-java
bookworm  prometheus-client python3-prometheus-client python3-decorator
bookworm  ceph      radosgw ceph-mon ceph-osd ceph-base ceph-common librados2 libaio1 libboost-context1.74.0 libboost-iostreams1.74.0 libboost-thread1.74.0 libdaxctl1 libfmt9 libfuse2 libibverbs1 libleveldb1d liblua5.3-0 libndctl6 libnl-3-200 libnl-route-3-200 liboath0 libpmem1 librabbitmq4 librdmacm1 libsnappy1v5
bookworm  docker    docker.io containerd runc busybox-static libdevmapper1.02.1 libseccomp2
'
# What python3-moto imports: it runs on the system's own Python, so these come from the system's own suite.
python_modules='boto3 flask flask_cors xmltodict responses cryptography jinja2'
python_packages='python3-boto3 python3-flask python3-flask-cors python3-xmltodict python3-responses
                 python3-cryptography python3-jinja2'

optional=
case "${1-}" in
  '') ;;
  --optional) optional=yes ;;
  *) echo "programs: unknown option $1; the only one is --optional" >&2; exit 2 ;;
esac

give_up() {
  echo "programs: $1" >&2
  [ -n "$optional" ] && exit 0
  exit 1
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.programs

main() {
  for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || give_up "this needs Debian ($tool is not here); put the programs on the PATH yourself"
  done
  mkdir -p "$root"
  exec 9>"$root/.busy"
  flock 9 # a second run waits for the first and then finds everything there
  while read -r suite folder packages; do
    if [ -n "$suite" ]; then unpack "$suite" "$folder" "$packages"; fi
  done <<<"$table"
  install_python_packages
  install_java
  install_browser
}

# The stamp names what was unpacked: a changed line in the table is fetched again, an unchanged one costs nothing.
unpack() {
  local suite=$1 folder=$2 packages=$3 work
  local stamp="$suite: $packages"
  [ "$(cat "$root/$folder/.stamp" 2>/dev/null)" = "$stamp" ] && return
  echo "programs: fetching $packages from $suite into .programs/$folder" >&2
  work=$(mktemp -d "$root/.new.XXXXXX")
  # shellcheck disable=SC2064 # expanded now: the variable is gone when the trap runs
  trap "rm -rf '$work'" EXIT
  fetch "$suite" "$packages" "$work" || give_up "could not fetch $packages from $suite (see above); check the network and run it again"
  mkdir "$work/tree"
  for package in "$work"/*.deb; do dpkg-deb --extract "$package" "$work/tree"; done
  echo "$stamp" >"$work/tree/.stamp"
  chmod 755 "$work/tree"
  rm -rf "${root:?}/$folder"
  mv "$work/tree" "$root/$folder" # last, so that an interrupted run leaves no half a folder
  rm -rf "$work"
  trap - EXIT
}

# An apt of its own, with its own lists, so that the system's suite and its state stay as they are.
fetch() {
  local suite=$1 packages=$2 work=$3 mirror
  mirror=$(find_mirror)
  [ -n "$mirror" ] || give_up "no Debian mirror in this machine's apt sources"
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
  local options=(-qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o "APT::Sandbox::User=$(id -un)")
  # shellcheck disable=SC2086 # one word a package
  (cd "$work" && apt-get "${options[@]}" update && apt-get "${options[@]}" download $packages)
}

# apt itself reads its sources, in any format; of the repositories the one with all of Debian is taken.
find_mirror() {
  apt-get --print-uris update 2>/dev/null | sed -nE "s#^'([^']+/debian)/+dists/[^']*'.*#\1#p" | head -n 1
}

install_python_packages() {
  /usr/bin/python3 -c "import ${python_modules// /, }" 2>/dev/null && return
  # shellcheck disable=SC2086
  install 'moto needs Python modules' $python_packages
}

# ZooKeeper needs a Java of 11 or later; a JVM does not run from a folder it was merely unpacked to.
install_java() {
  command -v java >/dev/null && return
  install 'ZooKeeper needs Java' default-jre-headless
}

# The libraries of a browser are too many to unpack beside each other.
install_browser() {
  command -v chromium >/dev/null && return
  install 'the page is looked at in Chromium' chromium fonts-dejavu-core
}

# What the system itself must have: the reason, packages.
install() {
  local reason=$1
  shift
  [ "$(id -u)" = 0 ] || give_up "$reason; run as root: apt-get install $*"
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y "$@" >&2; } ||
    give_up "$reason and it could not be installed; run: apt-get install $*"
}

main
