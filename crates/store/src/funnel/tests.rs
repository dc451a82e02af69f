use serde_json::{Value, json};

use super::*;

/// A funnel of two steps with these members besides or instead.
fn funnel(members: Value) -> Result<Funnel, String> {
    let mut sent = json!({"steps": [{"name": "seen"}, {"name": "bought", "filters": [{"field": "error", "op": "set"}]}]});
    let Value::Object(members) = members else { panic!("{members} is no object") };
    sent.as_object_mut().unwrap().extend(members);
    serde_json::from_value(sent).map_err(|error| error.to_string())
}

#[test]
fn what_is_not_said_is_as_most_mean_it() {
    let plain = funnel(json!({})).unwrap();
    let said = json!({"window": "7d", "order": "loose", "entry": "latest", "exclusions": [], "attribution": "first_step"});
    assert_eq!(plain, funnel(said).unwrap());
    let filters: Filters = serde_json::from_value(json!([{"field": "error", "op": "not_set"}])).unwrap();
    let excluding =
        funnel(json!({"exclusions": [{"filters": [{"field": "error", "op": "not_set"}]}]})).unwrap();
    assert_eq!(excluding.exclusions, [Exclusion { filters, from_step: 1, to_step: 2 }]);
}

#[test]
fn what_can_not_be_meant_is_named() {
    let step = json!({"name": "seen"});
    let between =
        |from: u32, to: u32| json!({"exclusions": [{"filters": [], "from_step": from, "to_step": to}]});
    let between_steps =
        "from_step and to_step of exclusions must be steps, 1 to 2, and from_step the earlier one";
    let attribution = "attribution must be first_step, last_step or the number of a step, 1 to 2";
    for (members, problem) in [
        (json!({"steps": []}), "steps must be 2 to 12: there are 0"),
        (json!({"steps": [step]}), "steps must be 2 to 12: there are 1"),
        (json!({"steps": vec![step; 13]}), "steps must be 2 to 12: there are 13"),
        (json!({"steps": [{}, {}]}), "missing field `name`"),
        (
            json!({"steps": [{"name": "a", "filter": []}]}),
            "unknown field `filter`, expected `name` or `filters`",
        ),
        (json!({"steps": [{"name": "a", "filters": [{"field": "x", "op": "is"}]}]}), "unknown field \"x\""),
        (
            json!({"window": "soon"}),
            "window must be a time such as 500ms, 90s, 15m, 24h, 7d or 2w, up to 366d: \"soon\" is none",
        ),
        (json!({"order": "any"}), "order must be loose or strict"),
        (json!({"entry": "last"}), "entry must be latest or first"),
        (json!({"exclusions": vec![json!({"filters": []}); 17]}), "exclusions must be at most 16"),
        (between(0, 1), between_steps),
        (between(2, 2), between_steps),
        (between(1, 3), between_steps),
        (json!({"attribution": "second"}), attribution),
        (json!({"attribution": 0}), attribution),
        (json!({"attribution": 3}), attribution),
        (json!({"breakdown": {"field": "nothing"}}), "unknown field \"nothing\""),
        (json!({"steps_": 1}), "unknown field `steps_`"),
    ] {
        let error = funnel(members.clone()).unwrap_err();
        assert!(error.contains(problem), "{members}: {error}");
    }
}

#[test]
fn the_event_that_says_the_group_is_of_the_chain() {
    let of = |attribution: Attribution| attribution.of(&[4, 7]);
    assert_eq!((of(Attribution::FirstStep), of(Attribution::LastStep)), (Some(4), Some(7)));
    assert_eq!((of(Attribution::Step(2)), of(Attribution::Step(3))), (Some(7), None));
}
