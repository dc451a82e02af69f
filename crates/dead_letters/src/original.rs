//! Reads the message of a letter that had to leave it out from the topic that the message was on.

use bus::{BusError, Channels, From, Offsets, Topic};

use crate::Letter;

/// The letter as it would be, had there been room. Refused, with the reason, when the topic no longer
/// has the message.
pub(crate) async fn complete(channels: &Channels, letter: Letter) -> Result<Letter, String> {
    let Some(length) = letter.left_out else { return Ok(letter) };
    let place = letter.place.clone();
    match find(channels, &letter, length).await {
        Ok(Some(whole)) => Ok(whole),
        Ok(None) => Err(format!("its message of {length} bytes was at {place} and is not there any more")),
        Err(error) => Err(format!("its message of {length} bytes can't be read at {place}: {error}")),
    }
}

async fn find(channels: &Channels, letter: &Letter, length: usize) -> Result<Option<Letter>, BusError> {
    let topic = Topic { name: letter.place.topic.clone(), ..channels.events.clone() };
    if !channels.bus.has_topic(&topic).await? {
        return Ok(None);
    }
    let from = From::Offsets(Offsets::from([(letter.place.partition, letter.place.offset)]));
    let mut range = channels.bus.read_range(&topic, from).await?;
    let found = range.next().await.transpose()?;
    // A topic that was made anew has other messages at the same places.
    let same = found.filter(|found| {
        let same_key = letter.key.is_none() || found.key == letter.key;
        found.offset == letter.place.offset && found.value.len() == length && same_key
    });
    let whole = same.map(|found| Letter {
        key: found.key,
        value: found.value,
        headers: found.headers,
        left_out: None,
        ..letter.clone()
    });
    Ok(whole)
}
