//! Dead letters on a real log: one suite over both buses.
//!
//! Each case has topics of its own, so that all run at once. Kafka is a real broker, the same for all.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what isn't as expected fails the test"
)]

mod list;
mod replay;
mod show;
mod site;

testing::suite! {
    crate::site::Site::on_the_log().await, crate::site::Site::on_kafka().await;
    list:
        without_a_topic_of_letters_the_list_is_empty
        each_letter_is_listed_with_its_message_and_its_place
        letters_are_told_apart_by_id_reason_and_time;
    show:
        a_letter_is_shown_to_the_byte
        a_letter_without_its_message_is_shown_with_what_is_where_that_was
        a_letter_whose_message_is_gone_says_so;
    replay:
        without_letters_there_is_nothing_to_replay
        a_message_is_put_back_as_it_was_and_once
        a_message_that_is_still_wrong_is_not_put_back
        a_mended_message_is_put_back_in_place_of_the_letters_own
        a_dry_run_puts_nothing_back
        of_two_letters_of_one_message_one_is_put_back
        a_letter_without_its_message_is_replayed_from_where_that_was
        a_replay_that_is_interrupted_says_so
        a_replay_that_nobody_listens_to_ends;
}
