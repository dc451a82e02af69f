//! Events by the words of their texts.

use std::collections::BTreeSet;

use model::{Content, EventId, EventKey};
use store::queries::{Extent, Mark, SearchPage};
use store::{Limits, Range, Scope, StoreError};

use crate::database::{Database, created, deleted, id_at, saying, scope, tenant, time, updated};

fn key() -> EventKey {
    EventKey { tenant: tenant("acme"), id: id_at("2026-11-20T12:00:00Z") }
}

fn content([input, output, error]: [&str; 3]) -> Content<'static> {
    Content { output: output.to_owned().into(), error: error.to_owned().into(), ..saying(input) }
}

impl Database {
    async fn search(
        &self,
        text: &str,
        after: Option<Mark>,
        limit: usize,
        rows_read: u64,
    ) -> Result<SearchPage, StoreError> {
        let (acme, store) = (tenant("acme"), &self.store);
        let (from, to) = (time("2026-11-20T00:00:00Z"), time("2026-11-21T00:00:00Z"));
        let scope = scope(store, &acme, Range::new(from, to, to).unwrap());
        let scope = Scope { limits: Limits { rows_read, ..scope.limits }, ..scope };
        let terms = store.terms(text).await.unwrap();
        assert!(!terms.is_empty(), "{text}");
        store.search(&scope, &terms, after, limit, Extent::Cut(200)).await
    }

    async fn found(&self, text: &str) -> Vec<EventId> {
        let page = self.search(text, None, 1_000, 0).await;
        let page = page.unwrap_or_else(|error| panic!("{text}: {}", error.detail()));
        page.events.iter().map(|(event, _)| event.id).collect()
    }
}

const TEXTS: [[&str; 3]; 15] = [
    ["Where is my refund?", "It's on its way.", ""],
    ["where IS", "my refund", ""],
    ["", "", "Timeout: upstream-service did not answer"],
    ["Straße, ÉTÉ & ΟΔΟΣ", "naïve_bar", ""],
    ["e\u{301}te\u{301} हिन्दी", "北京市 wide", ""],
    ["refunds refunded prefund", "", ""],
    ["The refund isn't mine", "my way", "timeout"],
    ["3.14 and v2", "a1b2", ""],
    ["<b>bold</b> \\' OR 1=1 -- %_", "", ""],
    ["a b c", "c a", ""],
    ["my", "", "refund"],
    ["ПРИВЕТ мир", "", ""],
    ["", "", ""],
    ["timeout timeout\ntimeout", "", ""],
    ["über—uns…„so“ 1½", "a_b", ""],
];

/// What a search finds, in the plainest way: words are what is between other characters.
fn naive(text: [&str; 3], wanted: &[&str], unwanted: &[&str]) -> bool {
    let is_of_word = |c: char| c.is_alphanumeric() || "\u{301}\u{94d}\u{93f}\u{940}".contains(c);
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c| !is_of_word(c)).filter(|word| !word.is_empty());
        words.map(|word| word.to_lowercase().replace('ς', "σ")).collect()
    };
    let texts = text.map(words);
    let has = |term: &&str| {
        let term = words(term);
        texts.iter().any(|words| words.windows(term.len()).any(|part| part == term))
    };
    wanted.iter().all(has) && !unwanted.iter().any(has)
}

#[tokio::test]
async fn words_and_phrases_are_found_without_case_and_whole() {
    let database = Database::new().await;
    let rows: Vec<_> = TEXTS.iter().map(|texts| (key(), content(*texts))).collect();
    let inserted: Vec<_> = rows.iter().map(|(key, content)| created(key, 1, content.clone())).collect();
    database.store.insert(&inserted).await.unwrap();
    let mut found = 0;
    for (query, wanted, unwanted) in [
        ("refund", vec!["refund"], vec![]),
        ("REFUND my", vec!["refund", "my"], vec![]),
        ("\"my refund\"", vec!["my refund"], vec![]),
        ("\"refund my\"", vec!["refund my"], vec![]),
        ("my -\"my refund\"", vec!["my"], vec!["my refund"]),
        ("refund -timeout", vec!["refund"], vec!["timeout"]),
        ("timeout -refund -upstream", vec!["timeout"], vec!["refund", "upstream"]),
        ("\"upstream service\"", vec!["upstream service"], vec![]),
        ("upstream-service", vec!["upstream service"], vec![]),
        ("\"timeout timeout timeout\"", vec!["timeout timeout timeout"], vec![]),
        ("straße", vec!["straße"], vec![]),
        ("STRASSE", vec!["strasse"], vec![]),
        ("été", vec!["été"], vec![]),
        ("e\u{301}te\u{301}", vec!["e\u{301}te\u{301}"], vec![]),
        ("οδος", vec!["οδος"], vec![]),
        ("हिन्दी", vec!["हिन्दी"], vec![]),
        ("北京市", vec!["北京市"], vec![]),
        ("北京", vec!["北京"], vec![]),
        ("привет МИР", vec!["привет", "мир"], vec![]),
        ("bar", vec!["bar"], vec![]),
        ("3.14", vec!["3 14"], vec![]),
        ("14", vec!["14"], vec![]),
        ("b", vec!["b"], vec![]),
        ("\"a b\" c -bold", vec!["a b", "c"], vec!["bold"]),
        ("\"c a\"", vec!["c a"], vec![]),
        ("isn't", vec!["isn t"], vec![]),
        ("') OR 1=1 --", vec!["or", "1 1"], vec![]),
        ("1=1 \\' %_ {x:String} ?", vec!["1 1", "x string"], vec![]),
        ("uns SO über b", vec!["uns", "so", "über", "b"], vec![]),
        ("\"über uns\" \"uns so\"", vec!["über uns", "uns so"], vec![]),
        ("nothing", vec!["nothing"], vec![]),
    ] {
        let ids: BTreeSet<_> = database.found(query).await.into_iter().collect();
        let matching = rows.iter().zip(TEXTS).filter(|(_, texts)| naive(*texts, &wanted, &unwanted));
        let expected: BTreeSet<_> = matching.map(|((key, _), _)| key.id).collect();
        assert_eq!(ids, expected, "{query}");
        found += expected.len();
    }
    assert!(found > 30, "the expected hits are {found}");
    for nothing in ["-a", "?!", "\"\"", "-\"a b\"", "… — -"] {
        assert!(database.store.terms(nothing).await.unwrap().is_empty(), "{nothing}");
    }
}

#[tokio::test]
async fn what_an_event_says_now_is_searched_page_by_page() {
    let database = Database::new().await;
    let keys: Vec<_> = (0..7).map(|_| key()).collect();
    let mut rows: Vec<_> = keys.iter().map(|key| created(key, 1, saying("needle"))).collect();
    rows.push(updated(&keys[1], 2, saying("hay")));
    rows.push(deleted(&keys[2], 2));
    rows.push(updated(&keys[3], 2, saying("still a Needle")));
    let late = key();
    rows.push(created(&late, 1, saying("hay")));
    rows.push(updated(&late, 2, saying("needle")));
    rows.push(created(&EventKey { tenant: tenant("globex"), id: late.id }, 1, saying("needle")));
    database.insert_apart(&rows).await;
    let mut expected: Vec<_> =
        [&keys[0], &keys[3], &keys[4], &keys[5], &keys[6], &late].map(|key| key.id).into();
    expected.sort_by_key(|id| std::cmp::Reverse(id.uuid().as_u128()));
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = database.search("needle", after, 2, 0).await.unwrap();
        found.extend(page.events.iter().map(|(event, _)| event.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, expected);
    assert!(database.found("needle -needle").await.is_empty());
}

#[tokio::test]
async fn snippets_show_the_hits_where_they_are() {
    let database = Database::new().await;
    let far = format!("concat {} the Cat; {}", "ü ".repeat(200), "y ".repeat(400));
    let row = created(&key(), 1, content([&far, "no hit", "CAT"]));
    database.store.insert(&[row]).await.unwrap();
    let page = database.search("cat -dog", None, 10, 0).await.unwrap();
    let snippets = &page.events[0].1;
    let shown = |pieces: &[store::queries::Piece]| -> String {
        pieces.iter().map(|it| if it.hit { format!("[{}]", it.text) } else { it.text.clone() }).collect()
    };
    let input = shown(&snippets.input);
    assert!(input.starts_with("… ü ") || input.starts_with("…ü "), "{input}");
    assert!(input.contains("the [Cat]; y y") && input.ends_with('…'), "{input}");
    assert!(input.chars().count() < 220, "{input}");
    assert_eq!((shown(&snippets.output), shown(&snippets.error)), (String::new(), "[CAT]".to_owned()));
}

#[tokio::test]
async fn only_what_may_have_the_words_is_read() {
    let database = Database::new().await;
    let rows: Vec<_> = (0..20_000).map(|n| created(&key(), 1, saying(&format!("Hay {n}")))).collect();
    database.store.insert(&rows).await.unwrap();
    database.store.insert(&[created(&key(), 1, saying("A Needle"))]).await.unwrap();
    let page = database.search("needle", None, 10, 10_000).await;
    assert_eq!(page.unwrap_or_else(|error| panic!("{}", error.detail())).events.len(), 1);
    let page = database.search("\"hay 12345\"", None, 10, 10_000).await;
    assert_eq!(page.unwrap_or_else(|error| panic!("{}", error.detail())).events.len(), 1);

    database.sql("ALTER TABLE {db}.events DROP INDEX by_words").await;
    let error = database.search("needle", None, 10, 10_000).await.unwrap_err();
    assert!(error.is_too_large(), "{error}");
    // Without it, it takes longer and is the same.
    assert_eq!(database.found("needle").await.len(), 1);
}
