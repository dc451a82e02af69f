//! Segment's dialect, as its own clients, RudderStack's and Jitsu's speak it: they are pointed here by their host
//! alone, and judge answers each in its own way. What they send is read in `model::wire::segment`.

mod public_url;
pub(crate) mod settings;
pub(crate) mod take;

pub use public_url::PublicUrl;
