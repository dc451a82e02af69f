//! Removes what is old and what nobody who reads the topic still has to read.

use rusqlite::Connection;

use super::file;

/// The most that one step removes: appends wait meanwhile.
const STEP: i64 = 1_000;

/// Removes some of the records appended before `before_ms` that every group which has committed
/// anything on their topic has committed. Returns whether there may be more. A topic on which nobody
/// commits keeps everything.
pub(super) fn remove_some(connection: &mut Connection, before_ms: i64) -> rusqlite::Result<bool> {
    let transaction = connection.transaction()?;
    let mut left = STEP;
    for (slot, committed) in read_by_all(&transaction)? {
        let mut statement = transaction.prepare_cached(
            "DELETE FROM records WHERE append_ms < ?3 AND id IN (
                 SELECT id FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?4)",
        )?;
        let (first, end) = (file::row(slot, 0), file::row(slot, committed));
        let removed = statement.execute((first, end, before_ms, left))?;
        left -= i64::try_from(removed).unwrap_or(left);
    }
    transaction.commit()?;
    Ok(left < STEP)
}

/// For each partition the offset that every group of its topic has committed at least.
fn read_by_all(connection: &Connection) -> rusqlite::Result<Vec<(i64, i64)>> {
    let mut statement = connection.prepare_cached(
        "WITH groups AS (
             SELECT topic, count(DISTINCT consumer_group) AS count
             FROM commits JOIN partitions USING (slot) GROUP BY topic)
         SELECT slot, min(commits.next)
         FROM commits JOIN partitions USING (slot) JOIN groups USING (topic)
         GROUP BY slot HAVING count(*) = max(groups.count)",
    )?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
