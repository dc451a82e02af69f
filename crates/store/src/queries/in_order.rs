//! The events of a user or a conversation in their order: each as one number, which the server gathers and sorts several
//! times faster than the columns that it is made of.

use crate::ask::Besides;
use crate::fold::MAX_EVENTS;

/// Bytes of the labels of one user or conversation that are held at most.
const MAX_LABEL_BYTES: usize = 16 << 20;

/// Columns of a group: `events` in order, of each its time in milliseconds, its marks and the hash of its label;
/// `labels`, each once, and their `hashes`. One event more than may be held tells that there are too many, and no
/// labels that they are too long.
pub(super) fn columns() -> String {
    format!(
        "arrayMap(event -> ({TIME}, {MARKS}, {HASH}), arraySort(groupArray({most})(packed))) AS events,
        if(arraySum(one -> length(one), groupUniqArray(label) AS all) > {MAX_LABEL_BYTES}, [], all) AS labels,
        arrayMap(one -> cityHash64(one), labels) AS hashes",
        most = MAX_EVENTS + 1
    )
}

/// What an `event` of one number is made of: its time in milliseconds, its marks, and the hash of its label.
const TIME: &str = "toInt64(bitShiftRight(event, 176))";
const MARKS: &str = "toUInt32(bitShiftRight(event, 64))";
const HASH: &str = "toUInt64(event)";

/// SQL with these in their places, for questions that unfold the numbers themselves.
pub(super) fn unpacked(sql: &str) -> String {
    sql.replace("/* time */", TIME).replace("/* marks */", MARKS).replace("/* hash */", HASH)
}

/// Adds what the columns of a group are made of: an event's id, which as a number begins with its time, before its
/// marks, 32 bits, and the hash of its label, a text.
pub(super) fn pack(besides: &mut Besides, marks: &str, label: &str) {
    besides.columns += &format!(
        ", {label} AS label,
        bitOr(bitOr(bitShiftLeft(toUInt256(toUInt128(id)), 96), bitShiftLeft(toUInt256({marks}), 64)),
            toUInt256(cityHash64(label))) AS packed"
    );
}
