use super::*;

fn plan(inserts: u64, payload: Vec<usize>, dimensions: usize) -> Plan {
    let sizes = Sizes { inserts, updates: inserts / 5, deletes: inserts / 5, payload, dimensions };
    Plan::new(sizes, vec!["event_a".into()], Timestamp::now(), 0x1234_5678_9abc_def0)
}

#[test]
fn every_event_belongs_to_one_conversation() {
    for inserts in [0, 1, 19, 20, 21, 1_000, WINDOW - 1, WINDOW, WINDOW + 3, 2 * WINDOW + 50] {
        let plan = plan(inserts, vec![], 0);
        let mut all: Vec<u64> = (0..plan.conversations()).flat_map(|c| plan.members(c)).collect();
        all.sort_unstable();
        assert_eq!(all, (0..inserts).collect::<Vec<_>>(), "{inserts}");
        assert!((0..plan.conversations()).all(|c| plan.members(c).count() > 0), "{inserts}");
    }
}

#[test]
fn the_body_says_which_conversation_and_id_an_event_has() {
    let plan = plan(2 * WINDOW, vec![], 0);
    for conversation in [0, 19, 20, 39] {
        let index = plan.members(conversation).nth(3).unwrap();
        let mut body = String::new();
        plan.create(index, &mut body);
        let body = object(&body);
        assert_eq!(body["conversation_id"], plan.conversation_id(conversation));
        assert_eq!(body["id"], plan.id(index).to_string());
    }
}

#[test]
fn a_body_has_about_the_size_asked_for() {
    for (dialect, small) in [(Dialect::Native, 300), (Dialect::Segment, 600), (Dialect::EventService, 600)] {
        let plan = plan(1_000, vec![small, 4_000], 0).speaking(dialect, Tenant::default());
        for (index, size) in [(500, small), (501, 4_000), (998, small)] {
            let mut body = String::new();
            plan.create(index, &mut body);
            assert!(body.len().abs_diff(size) < 20, "{} for {size}", body.len());
        }
    }
}

#[test]
fn an_updated_event_has_the_new_fields_and_keeps_the_others() {
    let plan = plan(1_000, vec![300], 8);
    let (Fate::Live(updated), Fate::Live(plain)) = (plan.fate(7), plan.fate(807)) else {
        panic!("both are there")
    };
    assert_eq!((&updated["error"], &plain["error"]), (&"".into(), &"timeout".into()));
    assert_eq!((&updated["latency"], &plain["latency"]), (&7.25.into(), &807.5.into()));
    assert_eq!((&updated["user_id"], updated.get("tags")), (&"user-7".into(), Some(&vec!["updated"].into())));
    assert_eq!(plain["input_embeddings"].as_array().unwrap().len(), 8);
    assert_eq!(plan.fate(200), Fate::Deleted);
    assert_eq!(plan.fate(399), Fate::Deleted);
    assert_ne!(plan.fate(400), Fate::Deleted);
}

#[test]
fn ids_differ_and_carry_growing_times() {
    let plan = plan(10_000, vec![], 0);
    let ids: std::collections::HashSet<_> = (0..10_000).map(|index| plan.id(index)).collect();
    assert_eq!(ids.len(), 10_000);
    assert!(ids.iter().all(|id| id.get_version_num() == 7));
    assert!(plan.id(0) < plan.id(9_999));
}
