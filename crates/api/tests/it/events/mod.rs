//! `/events`: many at a time.

mod batch;
mod batch_forms;
mod conversation;
mod names;
mod pages;
