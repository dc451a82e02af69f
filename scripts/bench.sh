#!/usr/bin/env bash
# Measures the standalone on this machine: how long reads take with ROWS rows in the table (2 million),
# and how fast batches are taken in and become visible. Uses a data folder and ports of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rows=${ROWS:-2000000}
calls=50
scripts/fetch-engine.sh >/dev/null
cargo build --release --locked --package standalone
data=$(mktemp -d)
MILLRACE_DATA=$data API_PORT=0 MILLRACE_ENGINE_PORT=0 LOG_LEVEL=warn "${CARGO_TARGET_DIR:-target}/release/millrace" >/dev/null &
millrace=$!
trap 'kill "$millrace"; wait "$millrace" || true; rm -rf "$data"' EXIT
endpoint() { python3 -c "import json; print(json.load(open('$data/endpoints.json'))['$1'])"; }
until [[ -f $data/endpoints.json ]] && curl -sf "$(endpoint api)/ready" >/dev/null; do sleep 0.1; done
api=$(endpoint api)
sql() { curl -sSf "$(endpoint clickhouse)/" --data-binary "$1"; }

# Events of the last 60 days, 20 to a conversation, as the consumer would have written them.
echo "filling the table with $rows rows"
sql "INSERT INTO event_analytics.events
  (tenant, id, created_at, updated_at, received_at, source, kind, event_name, conversation_id, error, latency, input, output, properties, version)
  SELECT 'default',
    toUUID(concat(substring(time, 1, 8), '-', substring(time, 9, 4), '-7', substring(tail, 1, 3), '-8', substring(tail, 4, 3), '-', substring(tail, 5, 12))),
    fromUnixTimestamp64Milli(ms, 'UTC'), fromUnixTimestamp64Milli(ms, 'UTC'), fromUnixTimestamp64Milli(ms, 'UTC'),
    'native', 'event', ['event_a', 'event_b', 'event_c'][number % 3 + 1], concat('conversation-', toString(intDiv(number, 20))),
    if(number % 17 = 0, 'timeout', ''), number % 900 + 0.5, concat('question number ', toString(number), ' of many'),
    repeat(concat('answer ', toString(number), ' '), 8), concat('{\"n\":', toString(number), '}'), bitShiftLeft(1::UInt64, 61) + number
  FROM (SELECT number,
    toUnixTimestamp64Milli(now64(3)) - intDiv(number, 20) * intDiv(86400000 * 60 * 20, $rows) + number % 20 AS ms,
    lower(leftPad(hex(toUInt64(ms)), 12, '0')) AS time, lower(leftPad(hex(sipHash64(number)), 16, '0')) AS tail
    FROM numbers($rows))
  SETTINGS max_partitions_per_insert_block = 0"
sql "SELECT concat(toString(count()), ' live rows in ', toString((SELECT count() FROM system.parts WHERE table = 'events' AND active)), ' parts') FROM event_analytics.events FINAL"

# The median and the slowest of so many calls over one connection, in milliseconds.
measure() {
  local name=$1
  curl -sS -o /dev/null -w '%{time_total}\n' -K - |
    sort -n | awk -v name="$name" '{ all[NR] = $1 * 1000 } END { printf "%-24s p50 %6.1f ms   max %6.1f ms   (%d calls)\n", name, all[int((NR + 1) / 2)], all[NR], NR }'
}
urls() { sed "s|.*|url = \"$api$1&\"\noutput = /dev/null|"; }
for _ in 1 2; do
  sql "SELECT toString(id) FROM event_analytics.events ORDER BY cityHash64(id) LIMIT $calls" | urls /event/ | measure "by id"
  sql "SELECT DISTINCT conversation_id FROM event_analytics.events ORDER BY cityHash64(conversation_id) LIMIT $calls" |
    urls /events/conversation/ | measure "by conversation"
done

echo "sending 100,000 events in batches of 1,000"
for ((i = 0; i < 1000; i++)); do
  echo "{\"conversation_id\":\"batch-$((i % 50))\",\"event_name\":\"event_a\",\"latency\":12.5,\"input\":\"a question of some length, number $i\",\"output\":\"an answer that is a little longer than the question was\"}"
done >"$data/batch.ndjson"
start=$(date +%s.%N)
for ((i = 0; i < 100; i++)); do printf 'url = "%s/events"\ndata-binary = "@%s"\noutput = /dev/null\nnext\n' "$api" "$data/batch.ndjson"; done | sed '$d' | curl -sSf -K -
accepted=$(date +%s.%N)
until curl -s "$api/pipeline" | grep -q '"lag":0,"dead'; do sleep 0.05; done
visible=$(date +%s.%N)
awk -v s="$start" -v a="$accepted" -v v="$visible" 'BEGIN { printf "accepted in %.1f s (%d/s), visible in %.1f s (%d/s)\n", a - s, 100000 / (a - s), v - s, 100000 / (v - s) }'
