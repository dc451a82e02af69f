use super::*;

/// The example of docs/alerts.md.
const EXAMPLE: &str = include_str!("../../../../docs/alerts.toml");

fn problem(text: &str) -> String {
    Rules::parse(text).unwrap_err().to_string()
}

/// What is wrong with a rule of this name and these fields.
fn refused(fields: &str) -> String {
    let problem =
        problem(&format!("[[rule]]\nname = \"good\"\nlag_over = 1\n\n[[rule]]\nname = \"bad\"\n{fields}"));
    problem.strip_prefix("rule \"bad\": ").unwrap_or_else(|| panic!("{fields}: {problem}")).to_owned()
}

#[test]
fn the_example_has_a_rule_of_each_kind() {
    let rules = Rules::parse(EXAMPLE).unwrap();
    let webhook = rules.webhook.unwrap();
    assert_eq!((&*webhook.url, &*webhook.secret_file), ("http://127.0.0.1:9000/hook", "hook.secret"));
    let [stock, payments, silence, lag] = &rules.rules[..] else { panic!("{:?}", rules.rules) };
    let field = |name| Field::parse(name).unwrap();
    assert_eq!((stock.name.as_str(), stock.tenant.as_str()), ("low stock", "default"));
    assert_eq!(
        stock.kind,
        Kind::Event(EventRule {
            event: "inventory.low_stock".into(),
            key: vec![field("properties.sku"), field("properties.location_id")],
            resolved_by: Some("inventory.restocked".into()),
        })
    );
    let Kind::Condition(Condition::Metric { metric, window, bound, min_events, filters }) = &payments.kind
    else {
        panic!("{payments:?}")
    };
    assert_eq!((metric, window.to_string().as_str()), (&Metric::ErrorRate, "15m"));
    assert_eq!((*bound, *min_events), (Bound::Over(0.05), 20));
    assert_ne!(filters, &Filters::NONE);
    assert_eq!(
        silence.kind,
        Kind::Condition(Condition::Silence { filters: Filters::NONE, span: Span::parse("10m").unwrap() })
    );
    assert_eq!(
        (lag.tenant.as_str(), &lag.kind),
        ("acme", &Kind::Condition(Condition::Lag { over: 100_000 }))
    );
}

#[test]
fn metrics_of_fields_and_whole_numbers_can_be_meant() {
    let text =
        "[[rule]]\nname = \"a\"\nmetric = { sum = \"properties.price\" }\nwindow = \"1d\"\nunder = 100";
    let rules = Rules::parse(text).unwrap();
    let Kind::Condition(Condition::Metric { metric, bound, .. }) = &rules.rules[0].kind else { panic!() };
    assert_eq!((metric.to_string().as_str(), *bound), ("sum(properties.price)", Bound::Under(100.0)));
    assert_eq!(Rules::parse("").unwrap(), Rules { rules: [].into(), webhook: None });
}

#[test]
fn a_rule_that_can_not_be_meant_is_named_with_what_is_wrong() {
    for (fields, words) in [
        ("", "it must have one of event, metric, silence and lag_over"),
        ("event = \"a\"\nlag_over = 1", "it must have one of"),
        ("event = \"\"", "names of events"),
        ("event = \"a\"\nresolved_by = \"a\"", "can't resolve what it fires"),
        ("event = \"a\"\nkey = [\"sku\"]", "key: unknown field \"sku\""),
        ("event = \"a\"\nkey = [\"user\", \"user\"]", "key: user is there twice"),
        ("event = \"a\"\nwindow = \"1m\"", "window does not go with event"),
        ("event = \"a\"\nfilters = []", "filters does not go with event"),
        ("metric = \"event\"\nwindow = \"1m\"\nover = 1", "unknown metric \"event\""),
        ("metric = \"events\"\nover = 1", "window is missing"),
        ("metric = \"events\"\nwindow = \"1m\"", "one of over and under"),
        ("metric = \"events\"\nwindow = \"1m\"\nover = 1\nunder = 2", "one of over and under"),
        ("metric = \"events\"\nwindow = \"1m\"\nover = nan", "finite"),
        ("metric = \"events\"\nwindow = \"0m\"\nover = 1", "window must be a time such as"),
        ("metric = \"events\"\nwindow = \"1 m\"\nover = 1", "\"1 m\" is none"),
        ("metric = \"events\"\nwindow = \"367d\"\nover = 1", "up to 366d"),
        ("metric = \"events\"\nwindow = \"1m\"\nover = 1\nkey = []", "key does not go with metric"),
        ("silence = \"1m\"\nover = 1", "over does not go with silence"),
        (
            "silence = \"1m\"\nfilters = [{ field = \"evnt\", op = \"is\", values = [\"a\"] }]",
            "unknown field \"evnt\"",
        ),
        ("lag_over = -1", "invalid value"),
        ("lag_over = 1\ntenant = \"a b\"", "a tenant is"),
        ("lag_over = 1\nwindo = \"1m\"", "unknown field `windo`"),
    ] {
        let problem = refused(fields);
        assert!(problem.contains(words), "{fields}: {problem}");
    }
}

#[test]
fn a_rule_without_a_name_is_known_by_its_place() {
    for fields in ["lag_over = 1", "name = \"\"\nlag_over = 1", "name = 7\nlag_over = 1"] {
        let problem = problem(&format!("[[rule]]\nname = \"a\"\nlag_over = 1\n[[rule]]\n{fields}"));
        assert!(problem.starts_with("rule 2: "), "{problem}");
    }
}

#[test]
fn two_rules_of_a_tenant_have_two_names() {
    let rule = |tenant: &str| format!("[[rule]]\nname = \"a\"\nlag_over = 1\n{tenant}\n");
    let twice = [rule(""), rule("tenant = \"default\"")].concat();
    assert_eq!(problem(&twice), "rule \"a\": tenant default has another rule of this name");
    Rules::parse(&[rule(""), rule("tenant = \"acme\"")].concat()).unwrap();
}

#[test]
fn what_is_no_file_of_rules_is_told_by_its_line() {
    assert!(problem("\n[[rule]\n").starts_with("line 2: "), "{}", problem("\n[[rule]\n"));
    assert!(problem("\n[[rules]]\nname = \"a\"").starts_with("line 2: unknown field `rules`"));
    assert!(problem("[webhook]\nurl = \"http://a\"").contains("secret_file"));
}
