//! What topic and table say of events that were found broken, for whoever looks for the reason.

use std::collections::BTreeSet;
use std::fmt::Write;

use bus::{Channels, From};
use model::{EventKey, Timestamp};

use crate::finding::Finding;
use crate::message::Message;
use crate::table::Table;
use crate::{AuditError, topic};

/// Of how many events evidence is gathered.
const EVENTS: usize = 30;

/// The findings, then every record and every row of the first events concerned, as text.
pub async fn evidence(
    channels: &Channels,
    table: &Table,
    findings: &[Finding],
) -> Result<String, AuditError> {
    let mut text: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    let keys: BTreeSet<&EventKey> =
        findings.iter().filter_map(|finding| finding.key.as_ref()).take(EVENTS).collect();
    text += "\nrecords of the topic\n";
    topic::read(&channels.bus, &channels.events, From::Beginning, |delivery| {
        if Message::read(&delivery).is_some_and(|message| keys.contains(&message.key)) {
            let at = delivery.append_ms.and_then(Timestamp::from_millis).unwrap_or_default();
            let (partition, offset) = (delivery.partition, delivery.offset);
            let value = String::from_utf8_lossy(&delivery.value);
            // Into memory: nothing that can fail.
            let _ = writeln!(text, "partition {partition} offset {offset} appended {at} {value}");
        }
    })
    .await?;
    text += "\nrows of the table\n";
    for key in keys {
        text += &table.versions(key).await?;
    }
    Ok(text)
}
