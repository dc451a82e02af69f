//! HTTP in, Kafka out; reads and analytics from ClickHouse.
//!
//! `routes` is the table of contents: each route's handler is in the file of its family, with its
//! request and response types above it. Every answer leaves through `envelope`.

mod analytics;
mod app;
mod body;
mod budget;
mod config;
mod cors;
mod drain;
mod envelope;
mod error;
mod events;
mod extract;
mod guard;
mod gzip;
mod health;
mod lag;
mod metrics;
mod pipeline;
mod places;
mod request;
mod routes;
mod run;
mod sampler;
mod serve;
mod service;
mod wait;

pub use config::Config;
pub use run::run;
