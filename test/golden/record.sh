#!/usr/bin/env bash
# Records an API server again: record.sh URL TOKEN FOLDER. FOLDER gets what lies here, and is compared by hand.
#   1. the answers to the requests of both index.json   2. promtool's targets of each role, where promtool is found
#   3. kube-state-metrics' text, where KUBE_STATE_METRICS names the program
set -euo pipefail
[ $# -eq 3 ] || { echo 'usage: record.sh URL TOKEN FOLDER' >&2; exit 2; }
url=${1%/} token=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
PATH="$here/../../.programs/sid/usr/bin:$PATH"

# Text below 200 kB stays as it is; what is larger or binary is packed.
keep() {
  case $1 in
    *.pb) gzip -9nf "$1" ;;
    *) [ "$(stat -c %s "$1")" -lt 200000 ] || gzip -9nf "$1" ;;
  esac
}

for set in kubernetes kube-state; do
  mkdir -p "$out/$set"
  cp "$here/$set/index.json" "$out/$set/"
  # A page is asked for by the token that the page before it gave; that of the recording is another server's.
  node -e '
    for (const { file, path, accept, request } of JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")))
      console.log([file.replace(/\.gz$/, ""), request?.path ?? path, request?.accept ?? accept,
        request?.authorization ?? `Bearer ${process.argv[2]}`].join("\t"))' "$here/$set/index.json" "$token" |
    while IFS=$'\t' read -r file path accept authorization; do
      mkdir -p "$(dirname "$out/$set/$file")"
      if [[ $file =~ -page-([23])\.(json|pb)$ ]]; then
        before="$out/$set/${file%-page-*}-page-$((BASH_REMATCH[1] - 1)).${BASH_REMATCH[2]}"
        next=$({ cat "$before" 2>/dev/null || zcat "$before.gz"; } |
          node -e '
            const page = require("fs").readFileSync(0).toString("latin1");
            process.stdout.write(encodeURIComponent(/"continue": ?"([^"]+)"|\x1a[\s\S]{1,2}?(eyJ[\w-]+=*)/.exec(page).slice(1).find(Boolean)))')
        path=$(sed "s|continue=[^&]*|continue=$next|" <<<"$path")
      fi
      curl -sSk -H "accept: $accept" -H "authorization: $authorization" -o "$out/$set/$file" "$url$path"
      keep "$out/$set/$file"
    done
done

if command -v promtool >/dev/null; then
  mkdir -p "$out/kubernetes/promtool"
  sed "s|api_server: .*|api_server: $url|; s|credentials: .* }|credentials: $token }|" \
    "$here/kubernetes/promtool/prometheus.yml" >"$out/kubernetes/promtool/prometheus.yml"
  sed -n 's/.*job_name: //p' "$out/kubernetes/promtool/prometheus.yml" | while read -r job; do
    promtool check service-discovery --timeout=10s "$out/kubernetes/promtool/prometheus.yml" "$job" \
      >"$out/kubernetes/promtool/$job.json"
    keep "$out/kubernetes/promtool/$job.json"
  done
fi

if [ -n "${KUBE_STATE_METRICS:-}" ]; then
  mkdir -p "$out/kube-state/expected"
  text="$here/kube-state/expected"
  resources=$(node -e '
    const all = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).map(({ resource }) => resource);
    console.log([...new Set(all)].join(","))' "$here/kube-state/index.json")
  families() { { cat "$text/$1.prom" 2>/dev/null || zcat "$text/$1.prom.gz"; } | sed -n 's/^# HELP \(\S*\).*/\1/p' | sort; }
  all="--resources=$resources"
  every=$(sed 's/,/=[*],/g; s/$/=[*]/' <<<"$resources")
  some="--resources=pods,nodes,namespaces --metric-annotations-allowlist=pods=[prometheus.io/scrape]"
  some+=" --metric-labels-allowlist=pods=[app.kubernetes.io/name,tier],nodes=[topology.kubernetes.io/zone],namespaces=[team]"
  config=$(mktemp)
  trap 'rm -f "$config"' EXIT
  printf '{"apiVersion":"v1","kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],"clusters":[{"name":"c","cluster":{"server":"%s","insecure-skip-tls-verify":true}}],"users":[{"name":"u","user":{"token":"%s"}}]}' "$url" "$token" >"$config"
  while read -r name flags; do
    # shellcheck disable=SC2086
    "$KUBE_STATE_METRICS" --kubeconfig="$config" --host=127.0.0.1 --port=18080 --telemetry-port=18081 $flags &
    program=$!
    curl -sS --retry 30 --retry-connrefused -o /dev/null http://127.0.0.1:18080/healthz
    sleep 10
    curl -sS -o "$out/kube-state/expected/$name.prom" http://127.0.0.1:18080/metrics
    kill "$program" && wait "$program" || true
    keep "$out/kube-state/expected/$name.prom"
  done <<END
default-resources
all-resources $all
all-opt-in $all --metric-opt-in-list=$(comm -13 <(families all-resources) <(families all-opt-in) | paste -sd,)
labels-annotations-all $all --metric-labels-allowlist=$every --metric-annotations-allowlist=$every
labels-some $some
shard-0-of-3 $all --total-shards=3 --shard=0
shard-1-of-3 $all --total-shards=3 --shard=1
shard-2-of-3 $all --total-shards=3 --shard=2
END
fi
