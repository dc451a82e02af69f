#!/usr/bin/env bash
# Fetches Apache Kafka's jars from Maven Central into the cache and prints their folder.
# Beside the jars it leaves `storage`, a freshly formatted KRaft data folder: a broker that starts
# from a copy of it is spared two seconds of formatting.
set -euo pipefail

version=4.1.0
pom=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/kafka/pom.xml
cache=${XDG_CACHE_HOME:-$HOME/.cache}/millrace/kafka
home=$cache/$version

if [[ -d $home ]]; then
  echo "$home/libs"
  exit
fi

for tool in mvn java; do
  if ! command -v "$tool" >/dev/null; then
    echo "fetch-kafka: $tool is missing: install Maven and Java 17 or newer" >&2
    exit 1
  fi
done

mkdir -p "$cache"
work=$(mktemp -d "$cache/.fetching.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

echo "fetch-kafka: fetching Apache Kafka $version" >&2
mvn --batch-mode --quiet --strict-checksums --file "$pom" \
  dependency:copy-dependencies -DoutputDirectory="$work/libs" >&2

# The voter's address is not stored: each broker has its own in its server.properties.
cat >"$work/format.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:9093
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$work/storage
EOF
if ! java -cp "$work/libs/*" kafka.tools.StorageTool \
  format --cluster-id MillraceInTestsOnly_AA --config "$work/format.properties" >"$work/format.log" 2>&1; then
  cat "$work/format.log" >&2
  echo "fetch-kafka: the storage could not be formatted" >&2
  exit 1
fi
rm "$work/format.properties" "$work/format.log"

# Another run may have been quicker: its folder is as good as this one.
mv --no-target-directory "$work" "$home" 2>/dev/null || [[ -d $home/libs ]]
echo "$home/libs"
