//! `/event`: one event at a time.

mod bad_input;
mod create;
mod delete;
mod ids;
mod read;
mod update;
