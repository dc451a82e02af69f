//! The shop of `generate commerce`: [`mod@write`] puts what `shop` makes up into a file, [`send`] sends it. Nothing here
//! asks a question: whoever does can compare the answers with what an independent computation makes of the same file.

pub mod run;
mod send;
mod write;
