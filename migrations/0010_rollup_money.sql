-- What orders, payments and refunds of an hour come to, in one row. Amounts are whole ten-thousandths. Each event is
-- among the entries by its own words. What it may take from its order is told by the order's id, which is hashed to 64
-- bits: of a million that are looked for among a hundred million, one in 180,000 times a wrong one is found.
CREATE TABLE IF NOT EXISTS {database}.rollup_money {on_cluster}
(
    tenant LowCardinality(String),
    hour DateTime('UTC'),
    covered UInt64 COMMENT 'marks that were counted before the events were read',
    entries Array(Tuple(quarter UInt8, currency LowCardinality(String), location_id LowCardinality(String), events UInt64,
        orders UInt64, revenue Int128, paid Int128, refunded Int128, unreadable UInt64)) COMMENT 'no two alike in the first three',
    no_currency Array(Tuple(order UInt64, entry UInt32, part UInt8, amount Int128))
        COMMENT 'payments and refunds without a currency; entries are counted from 0, parts are 0 paid, 1 refunded, 2 unreadable',
    no_location Array(Tuple(order UInt64, entry UInt32, part UInt8, amount Int128)) COMMENT 'those that only lack a location',
    orders Array(Tuple(order UInt64, entry UInt32)) COMMENT 'the first of each id'
)
ENGINE = {replicated}ReplacingMergeTree(covered)
ORDER BY (tenant, hour)
SETTINGS index_granularity = 64;
-- Hours that were rolled up before it was there are to be rolled up again. Once more is once more.
INSERT INTO {database}.bucket_marks
SELECT tenant, hour, 1 AS marks
FROM {database}.rollup
GROUP BY tenant, hour;
