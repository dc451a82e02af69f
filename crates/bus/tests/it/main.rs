//! One suite over both implementations of the bus, and what only the embedded log promises.
//!
//! Each case gets a bus and makes topics of its own, so that all run at once. Kafka is a real broker,
//! the same for all.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on has to fail loudly"
)]

mod atomic;
mod crash;
mod follow;
mod foreign;
mod frozen;
mod groups;
mod limits;
mod log_file;
mod place;
mod positions;
mod range;
mod records;
mod remembered;
mod retention;
mod rights;
mod settings;

testing::suite! {
    crate::place::Place::log(), crate::place::Place::kafka();
    records:
        what_is_sent_comes_out_as_sent
        offsets_have_no_gaps_and_each_key_keeps_its_order
        a_keys_partition_follows_the_schedule
        the_append_time_is_near_now_and_never_decreases
        a_large_batch_arrives_exactly_once;
    groups:
        all_partitions_are_assigned_before_anything_is_delivered
        a_new_source_starts_at_the_committed_offsets
        two_groups_are_independent
        when_a_source_is_dropped_another_takes_over
        a_source_delivers_what_is_sent_after_it_has_read_everything;
    limits:
        nothing_is_lost_when_a_full_budget_stops_the_reading
        a_record_that_is_too_large_is_refused_and_costs_nothing_else
        a_topic_is_ensured_by_many_at_once
        a_topic_with_fewer_partitions_than_the_schedule_is_refused;
    positions:
        positions_say_where_a_topic_ends_and_how_far_a_group_has_come
        the_append_time_is_found_by_offset
        the_oldest_record_of_every_partition_is_found_however_large_they_are;
    range:
        a_stretch_delivers_every_record_in_order_and_ends_where_the_topic_ended
        a_stretch_of_an_empty_topic_ends_at_once
        a_stretch_begins_at_a_time
        a_stretch_begins_at_a_time_of_each_partition_that_is_named
        a_stretch_begins_at_offsets_of_the_partitions_that_are_named
        a_stretch_of_what_is_not_there_is_an_error;
    follow:
        every_record_behind_the_beginning_is_followed_in_order
        a_small_budget_stops_the_following_and_loses_nothing
        what_is_not_there_is_not_followed;
    atomic:
        records_of_one_call_are_on_their_topics_in_order
        of_a_call_that_fails_nothing_is_on_any_topic
        a_group_that_has_read_everything_has_nothing_before_it
        what_is_not_committed_lies_between_its_oldest_and_its_newest_record;
}
