//! The consumer between a real log and a real table: one suite over both buses, and what only Kafka,
//! or only the process, has.
//!
//! Each case has topics, a group and a database of its own, so that all run at once.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what isn't as expected fails the test"
)]

mod again;
mod away;
mod backlog;
mod commands;
mod deliveries;
mod exact;
mod groups;
mod hostile;
mod killed;
mod letters;
mod months;
mod numbers;
mod operations;
mod process;
mod raw_kafka;
mod refused;
mod rolled;
mod site;
mod stops;
mod versions;

testing::suite! {
    crate::site::Site::on_the_log().await, crate::site::Site::on_kafka().await;
    exact:
        any_operations_end_in_the_table_that_applying_them_once_ends_in
        a_burst_of_50000_operations_is_exact
        reading_the_whole_topic_again_changes_nothing;
    stops:
        a_consumer_that_is_stopped_goes_on_where_it_was
        a_consumer_that_crashes_again_and_again_skips_nothing
        a_stop_writes_and_commits_what_was_taken_in
        a_stop_while_clickhouse_is_away_ends_in_time_and_commits_nothing;
    hostile:
        messages_that_are_no_operations_become_dead_letters_and_cost_nothing_else
        an_update_of_an_event_that_never_was_is_a_dead_letter
        an_update_of_a_deleted_event_is_none
        a_flood_of_hostile_messages_passes
        a_block_of_hostile_messages_costs_nothing_else_and_what_can_be_mended_is_in;
    refused:
        a_refused_row_costs_no_other_event_of_its_batch
        of_an_event_with_many_operations_only_the_refused_one_is_left_out
        what_follows_a_refused_create_finds_no_event
        an_update_of_no_event_before_a_refused_create_is_one_letter
        what_is_refused_in_a_held_batch_is_told_apart_once_it_passes
        a_row_at_which_clickhouse_fails_in_an_unknown_way_costs_no_other_event
        while_nothing_goes_in_the_server_is_in_trouble_whatever_it_says
        a_row_alone_in_its_batch_is_at_fault_if_another_goes_in
        a_row_that_nobody_here_wrote_stops_nothing
        a_table_that_refuses_batch_after_batch_holds_the_consumer_until_it_is_mended
        a_consumer_too_old_for_the_messages_holds_them_for_a_newer_one;
    months:
        a_flood_over_all_months_holds_nobody_up
        what_is_put_aside_has_its_turn_under_load
        what_is_put_aside_when_a_consumer_crashes_comes_again;
    letters:
        an_update_replayed_after_its_create_is_applied_and_never_again
        a_mended_message_goes_under_its_events_id
        letters_are_told_by_reason_and_time
        a_dry_run_puts_nothing_back
        a_letter_is_shown_with_its_bytes
        a_letter_of_the_largest_message_is_whole
        without_letters_there_is_nothing_to_do;
    again:
        an_emptied_table_is_filled_again_as_it_was
        beside_a_running_consumer_nothing_changes
        what_the_group_has_yet_to_come_to_is_left_to_it;
    rolled:
        what_is_written_is_rolled_up_by_whoever_has_the_first_partition;
    versions:
        a_consumer_that_is_older_than_the_table_takes_nothing_in
        a_table_that_is_shut_to_older_writers_is_not_written_to_and_nothing_is_lost
        in_a_batch_held_for_a_newer_consumer_no_later_row_hides_its_messages;
    away:
        clickhouse_away_at_the_start_is_waited_for
        clickhouse_away_later_is_waited_for_and_nothing_is_committed_meanwhile
        an_insert_whose_answer_is_lost_is_made_again_without_harm
        a_clickhouse_that_hangs_is_waited_for;
}
