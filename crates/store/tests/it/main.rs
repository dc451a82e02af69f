//! The table in a real engine, with a database for each test.

mod analytics;
mod away;
mod conversation;
mod database;
mod insert;
mod lookup;
mod migrations;
