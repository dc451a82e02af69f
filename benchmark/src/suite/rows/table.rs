//! A large table, made by the engine itself: what the consumer would have written, in a fraction of the time.

use crate::sql::Sql;

const DAYS: u64 = 60;
/// Events of one conversation.
const CONVERSATION: u64 = 20;
/// One in so many events is updated, and as many others are deleted.
const ONE_IN: u64 = 25;

/// What the consumer would have noted of the hours.
const MARK: &str = "
    INSERT INTO event_analytics.bucket_marks
    SELECT tenant, toStartOfHour(toDateTime(created_at, 'UTC')) AS hour, 1 AS marks FROM event_analytics.events
    GROUP BY tenant, hour";

/// A range of events: `count` of them, from the number `first` on, spread over the same 60 days as
/// any other range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventRange {
    pub(crate) first: u64,
    pub(crate) count: u64,
}

/// What an insert leaves of each event that it touches.
#[derive(Clone, Copy, Debug)]
enum Rows {
    Created,
    Updated,
    Deleted,
}

impl EventRange {
    /// Creates all of them; then, by later inserts, updates some and deletes others.
    pub(crate) async fn insert(self, sql: &Sql) -> anyhow::Result<()> {
        for rows in [Rows::Created, Rows::Updated, Rows::Deleted] {
            sql.run(&self.statement(rows)).await?;
        }
        sql.run(MARK).await?;
        Ok(())
    }

    fn statement(self, rows: Rows) -> String {
        let version = match rows {
            Rows::Created => "bitShiftLeft(1::UInt64, 62) - 1 - number",
            Rows::Updated => "bitShiftLeft(1::UInt64, 62) + number",
            Rows::Deleted => "bitShiftLeft(1::UInt64, 63) + number",
        };
        let (output, deleted, filter) = match rows {
            Rows::Created => ("repeat(concat('answer ', toString(number), ' '), 8)", 0, "1".to_owned()),
            Rows::Updated => ("concat('changed ', toString(number))", 0, format!("number % {ONE_IN} = 3")),
            Rows::Deleted => ("''", 1, format!("number % {ONE_IN} = 7")),
        };
        format!(
            "INSERT INTO event_analytics.events
             (tenant, id, created_at, updated_at, received_at, source, kind, event_name, conversation_id, error,
              latency, input, output, properties, version, is_deleted, schema_version)
             SELECT 'default', toUUID({ID}), fromUnixTimestamp64Milli(ms, 'UTC'), now64(3), fromUnixTimestamp64Milli(ms, 'UTC'),
               'native', 'event', ['event_a', 'event_b', 'event_c'][number % 3 + 1], {CONVERSATION_ID},
               if(number % 17 = 0, 'timeout', ''), number % 900 + 0.5,
               concat('question number ', toString(number), ' of many'), {output},
               concat('{{\"n\":', toString(number), '}}'), {version}, {deleted}, 65535
             FROM ({}) WHERE {filter} SETTINGS max_partitions_per_insert_block = 0",
            self.numbers(&format!("numbers({}, {})", self.first, self.count)),
        )
    }

    /// So many of the events, at random: `id`, a tab, and `conversation_id` on each line.
    pub(crate) async fn sample(self, sql: &Sql, count: u64) -> anyhow::Result<Vec<(String, String)>> {
        let random =
            format!("(SELECT {} + rand64() % {} AS number FROM numbers({count}))", self.first, self.count);
        let text =
            sql.run(&format!("SELECT {ID}, {CONVERSATION_ID} FROM ({})", self.numbers(&random))).await?;
        let pair = |line: &str| line.split_once('\t').map(|(id, of)| (id.to_owned(), of.to_owned()));
        Ok(text.lines().filter_map(pair).collect())
    }

    /// Adds to the numbers what an id is made of. The days end at the last midnight, so that all
    /// statements of a run agree.
    fn numbers(self, source: &str) -> String {
        let Self { first, count } = self;
        let step = DAYS * 86_400_000 * CONVERSATION / count.max(1);
        format!(
            "SELECT number,
               toUnixTimestamp64Milli(toDateTime64(today(), 3, 'UTC')) - intDiv({first} + {count} - 1 - number, {CONVERSATION}) * {step} - {CONVERSATION} + number % {CONVERSATION} AS ms,
               lower(leftPad(hex(toUInt64(ms)), 12, '0')) AS time, lower(leftPad(hex(sipHash64(number)), 16, '0')) AS tail
             FROM {source}"
        )
    }
}

/// A UUID of version 7.
const ID: &str = "concat(substring(time, 1, 8), '-', substring(time, 9, 4), '-7', substring(tail, 1, 3), '-8', substring(tail, 4, 3), '-', substring(tail, 5, 12))";
const CONVERSATION_ID: &str = "concat('conversation-', toString(intDiv(number, 20)))";
