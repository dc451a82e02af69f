//! Which controller leads. A broker's metadata doesn't say: there, since KRaft, any broker is named.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const ANSWER_WITHIN: Duration = Duration::from_secs(2);
const METADATA: &[u8] = b"__cluster_metadata";
/// A compact string's or array's length is written plus one.
const METADATA_LENGTH: u8 = 19;
const ONE: u8 = 2;
const NO_TAGS: u8 = 0;

/// What stands in `DescribeQuorumResponse` version 0 before the leader: the request's number, no tags, an
/// error, one topic with its name, one partition with its number and error.
const BEFORE_THE_LEADER: usize = 4 + 1 + 2 + 1 + 1 + METADATA.len() + 1 + 4 + 2;

/// The node of the controller that leads, as the broker at `address` knows it; `None` if nobody does.
pub(super) fn leader(address: &str) -> io::Result<Option<usize>> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(ANSWER_WITHIN))?;
    let request = request();
    let length = u32::try_from(request.len()).map_err(io::Error::other)?;
    connection.write_all(&[&length.to_be_bytes()[..], &request].concat())?;

    let mut answer = [0; 4 + BEFORE_THE_LEADER + 4];
    connection.read_exact(&mut answer)?;
    let (_, leader) = answer.split_at(4 + BEFORE_THE_LEADER);
    let leader = leader.try_into().map(i32::from_be_bytes).map_err(io::Error::other)?;
    Ok(usize::try_from(leader).ok().filter(|leader| *leader > 0))
}

/// `DescribeQuorumRequest` version 0 of the one partition of the cluster's metadata.
fn request() -> Vec<u8> {
    let [key, version, no_client_id] = [55_u16, 0, 0xFFFF].map(u16::to_be_bytes);
    let (number, partition) = (1_u32.to_be_bytes(), 0_u32.to_be_bytes());
    [
        &key[..],
        &version,
        &number,
        &no_client_id,
        &[NO_TAGS, ONE, METADATA_LENGTH],
        METADATA,
        &[ONE],
        &partition,
        &[NO_TAGS, NO_TAGS, NO_TAGS],
    ]
    .concat()
}
