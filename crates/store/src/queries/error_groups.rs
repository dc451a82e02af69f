//! Errors, grouped by what they say.

use clickhouse::Row;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::filter::USER;
use crate::range::{Grid, Range, START};
use crate::{Scope, Store, StoreError};

/// What tells errors of one kind apart: quoted parts, UUIDs, hex and numbers. An apostrophe in a word begins no quotation.
/// Hex is what begins with 0x, and words of seven or more hexadecimal digits. What precedes a part is kept.
const VARIABLE: &str = concat!(
    r"(^|[^0-9\pL])(?:'[^']*'",
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    r"|0[xX][0-9a-fA-F]+|[0-9a-fA-F]{7,}\b",
    r"|-?[0-9]+(?:[.,][0-9]+)*(?:[eE][-+]?[0-9]+)?)",
    "|\"[^\"]*\"|`[^`]*`",
    r"|[0-9]+(?:[.,][0-9]+)*",
);

/// Characters of a text that are looked at, and shown.
const MAX_CHARS: u32 = 1_000;

/// Of all time, since nothing else tells whether a group is new; what is counted is of the range alone. First text by
/// text: there are far fewer of them than errors.
const ERROR_GROUPS: &str = "
    SELECT /* fingerprint */ AS grouped_by, substringUTF8(argMaxIf(text, last, inside), 1, {chars:UInt32}) AS sample,
        sumIf(n, inside) AS count, uniqExactIfMergeIf(people, inside) AS users,
        toUnixTimestamp64Milli(minIf(first_at, inside)) AS first_seen_ms,
        toUnixTimestamp64Milli(maxIf(last_at, inside)) AS last_seen_ms,
        min(inside) AS new, sumMapIf([start], [n], inside) AS per_bucket
    FROM (
        WITH /* bucket */ AS bucket
        SELECT error AS text, created_at >= {counted_from:DateTime64(3, 'UTC')} AS inside,
            if(inside, /* start */, 0) AS start, count() AS n,
            uniqExactIfState(/* user */ AS one, one != '') AS people,
            min(created_at) AS first_at, max(created_at) AS last_at, max(toUInt128(id)) AS last
        FROM {events}
        WHERE error != ''
        GROUP BY text, inside, start)
    GROUP BY grouped_by
    HAVING count > 0
    ORDER BY count DESC, grouped_by
    LIMIT {limit:UInt64}";

/// Errors that say the same, but for what is variable in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorGroup {
    /// What they say, with a ? in place of each number, UUID, hex and quoted part; of a long text the first 1,000
    /// characters.
    #[schema(example = "timeout after ? ms")]
    pub fingerprint: String,
    /// The last of them.
    #[schema(example = "timeout after 5000 ms")]
    pub sample: String,
    /// How many there are.
    pub count: u64,
    /// How many users had one.
    pub users: u64,
    /// When the first of the range was.
    #[schema(value_type = String, format = DateTime)]
    pub first_seen: Timestamp,
    /// When the last of the range was.
    #[schema(value_type = String, format = DateTime)]
    pub last_seen: Timestamp,
    /// Whether there was none before the range.
    pub new: bool,
    /// How many there are in each bucket of the range.
    pub per_bucket: Vec<u64>,
}

#[derive(Row, Deserialize)]
struct Line {
    grouped_by: String,
    sample: String,
    count: u64,
    users: u64,
    first_seen_ms: i64,
    last_seen_ms: i64,
    new: u8,
    per_bucket: (Vec<i64>, Vec<u64>),
}

impl Store {
    /// The largest groups first, of equals the least text; `raw` groups whole texts.
    pub async fn error_groups(
        &self,
        scope: &Scope<'_>,
        grid: &Grid,
        raw: bool,
        limit: u64,
    ) -> Result<Vec<ErrorGroup>, StoreError> {
        let fingerprint = if raw {
            "text"
        } else {
            r"replaceRegexpAll(substringUTF8(text, 1, {chars:UInt32}), {variable:String}, '\\1?')"
        };
        let sql = ERROR_GROUPS
            .replace("/* fingerprint */", fingerprint)
            .replace("/* bucket */", &grid.bucket())
            .replace("/* start */", START)
            .replace("/* user */", USER);
        let range = scope.range;
        let ever = Scope { range: Range::between(0, range.to().millis(), range.now()), ..*scope };
        let question = self.ask(&ever, &sql).param("counted_from", super::sql_time(range.from()));
        let question = question.param("chars", MAX_CHARS).param("variable", VARIABLE).param("limit", limit);
        let lines = question.fetch_all::<Line>().await?;
        Ok(lines.into_iter().map(|line| line.group(grid)).collect())
    }
}

impl Line {
    fn group(self, grid: &Grid) -> ErrorGroup {
        let time = |millis| Timestamp::from_millis(millis).unwrap_or_default();
        let mut per_bucket = vec![0; grid.buckets().len()];
        for (start, n) in self.per_bucket.0.into_iter().zip(self.per_bucket.1) {
            if let Some(count) = grid.place(start).and_then(|place| per_bucket.get_mut(place)) {
                *count += n;
            }
        }
        ErrorGroup {
            fingerprint: self.grouped_by.chars().take(MAX_CHARS as usize).collect(),
            sample: self.sample,
            count: self.count,
            users: self.users,
            first_seen: time(self.first_seen_ms),
            last_seen: time(self.last_seen_ms),
            new: self.new == 1,
            per_bucket,
        }
    }
}
