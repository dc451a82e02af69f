//! What the decoder makes of messages, decision by decision.
