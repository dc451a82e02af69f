-- Which granules may have rows that the log took since some time: alerts look for them every few seconds. The
-- expression is that time in seconds since 2025, as a row's version tells it, for creates and for later changes.
ALTER TABLE {database}.events {on_cluster}
    ADD INDEX IF NOT EXISTS by_arrival
        bitShiftRight(if(version < 4611686018427387904, bitXor(version, 4611686018427387903), bitAnd(version, 4611686018427387903)), 31)
        TYPE minmax GRANULARITY 1;
ALTER TABLE {database}.events {on_cluster} MATERIALIZE INDEX IF EXISTS by_arrival;
-- What happened to alerts: a row for each state that an alert came to. Rows are only added, and the same one twice is
-- one, so whoever adds them need not agree with others first. The row of the most tries says how its webhook stands.
-- The index finds the few that somebody is still to be told of.
CREATE TABLE IF NOT EXISTS {database}.alerts {on_cluster}
(
    tenant LowCardinality(String),
    rule String,
    definition String COMMENT 'what the rule looks for: under the same name with another one it is another rule',
    key String COMMENT 'JSON object: by what the rule tells its alerts apart',
    firing UInt64 COMMENT 'the how manieth alert of its rule and key, from 1',
    state LowCardinality(String) COMMENT 'open, acknowledged, resolved',
    id UUID COMMENT 'derived from tenant, rule, definition, key and firing',
    at DateTime64(3, 'UTC') COMMENT 'when it came to that state',
    event Nullable(UUID) COMMENT 'the event that brought it there',
    value Nullable(Float64),
    message String,
    webhook LowCardinality(String) COMMENT 'none, waiting, delivered, given_up',
    tries UInt8,
    next_try_at DateTime64(3, 'UTC'),
    INDEX by_webhook webhook TYPE set(4) GRANULARITY 1
)
ENGINE = {replicated}ReplacingMergeTree(tries)
ORDER BY (tenant, rule, definition, key, firing, state)
TTL toDateTime(at) + INTERVAL 90 DAY
{record_settings};
-- Up to where each rule has seen the events that came in.
CREATE TABLE IF NOT EXISTS {database}.alert_cursors {on_cluster}
(
    tenant LowCardinality(String),
    rule String,
    definition String COMMENT 'as that of its alerts',
    seen_to DateTime64(3, 'UTC')
)
ENGINE = {replicated}ReplacingMergeTree(seen_to)
ORDER BY (tenant, rule, definition)
TTL toDateTime(seen_to) + INTERVAL 90 DAY
{record_settings};
-- Who evaluates: each row is a bid to do so for some time from then on.
CREATE TABLE IF NOT EXISTS {database}.alert_bids {on_cluster}
(
    at DateTime64(3, 'UTC'),
    holder UUID,
    ttl_ms UInt32
)
ENGINE = {replicated}MergeTree
ORDER BY at
TTL toDateTime(at) + INTERVAL 1 HOUR
{record_settings};
