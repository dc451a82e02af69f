//! HTTP in, Kafka out; reads and analytics from ClickHouse.
//!
//! `routes` is the table of contents: each route's handler is in the file of its family, with its
//! request and response types above it. Every answer leaves through `voice`.

mod alerts;
mod analytics;
mod app;
mod asked;
mod audit;
mod auth;
mod body;
mod budget;
mod call;
mod compression;
mod config;
mod cors;
mod counters;
mod cursor;
mod drain;
mod error;
mod event_service;
mod events;
mod guard;
mod gzip;
mod health;
mod history;
mod ingest;
mod kept;
mod keys;
mod lag;
mod mcp;
mod metrics;
mod openapi;
mod own_page;
mod page;
mod parameters;
mod pipeline;
mod places;
mod publish_event;
mod questions;
mod recent;
mod reply;
mod request;
mod route;
mod router;
mod routes;
mod run;
mod sampler;
mod segment;
mod serve;
mod service;
mod session;
mod shapes;
mod streamed;
mod tail;
mod voice;
mod wait;

pub use config::Config;
pub use keys::Command as KeysCommand;
pub use run::run;
pub use segment::PublicUrl;
