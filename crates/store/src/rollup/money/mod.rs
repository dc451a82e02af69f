//! The money of hours, in `rollup_money`. It is computed here, since the server can't read amounts exactly.

mod compute;
mod read;
mod row;
mod scrub;
