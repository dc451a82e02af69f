use super::*;

/// A page of one script, built in all encodings, and an icon that is not.
#[derive(RustEmbed)]
#[folder = "tests/fixtures/dist"]
struct Built;

/// Of a build that never was.
#[derive(RustEmbed)]
#[folder = "tests/fixtures/none"]
#[allow_missing = true]
struct NotBuilt;

fn ask(path: &str, headers: &[(HeaderName, &str)]) -> Option<Response<Bytes>> {
    let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
    under_ui::<Built>(path, &headers.collect())
}

fn header<'a>(response: &'a Response<Bytes>, name: &HeaderName) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn a_hashed_file_is_kept_for_ever_and_the_page_never_without_asking() {
    let script = ask("assets/app-1a2b.js", &[]).unwrap();
    assert_eq!(script.body(), "start();\n");
    assert_eq!(header(&script, &header::CONTENT_TYPE), "text/javascript; charset=utf-8");
    assert_eq!(header(&script, &header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    let page = ask("", &[]).unwrap();
    assert!(page.body().starts_with(b"<!doctype html>"));
    assert_eq!(header(&page, &header::CONTENT_TYPE), "text/html; charset=utf-8");
    assert_eq!(header(&page, &header::CACHE_CONTROL), "no-cache");
}

#[test]
fn a_place_of_the_page_is_the_page_and_an_unknown_file_is_nothing() {
    let page = ask("index.html", &[]).unwrap();
    for place in ["", "errors", "users/jane.doe@example.com", "conversation/c-1"] {
        assert_eq!(ask(place, &[]).unwrap().body(), page.body(), "{place}");
    }
    for file in ["assets/app-0000.js", "assets/", "favicon.ico", "assets/app-1a2b.js.br"] {
        assert!(ask(file, &[]).is_none(), "{file}");
    }
}

#[test]
fn a_file_is_sent_in_an_encoding_that_the_client_takes_and_that_it_was_built_in() {
    let encoded = |path, accepts| {
        let response = ask(path, &[(header::ACCEPT_ENCODING, accepts)]).unwrap();
        assert_eq!(header(&response, &header::VARY), "accept-encoding");
        let text = String::from_utf8(response.body().to_vec()).unwrap();
        (header(&response, &header::CONTENT_ENCODING).to_owned(), text)
    };
    let (br, gzip) = (("br".into(), "as br\n".into()), ("gzip".into(), "as gzip\n".into()));
    assert_eq!(encoded("assets/app-1a2b.js", "gzip, br"), br);
    assert_eq!(encoded("assets/app-1a2b.js", "gzip"), gzip);
    assert_eq!(encoded("assets/app-1a2b.js", "identity").0, "");
    assert_eq!(encoded("icon.svg", "gzip, br"), (String::new(), "<svg/>\n".into()));
}

#[test]
fn what_a_client_has_already_is_not_sent_again() {
    let etag = |accepts| header(&ask("assets/app-1a2b.js", &[accepts]).unwrap(), &header::ETAG).to_owned();
    let (plain, br) = (etag((header::ACCEPT, "*/*")), etag((header::ACCEPT_ENCODING, "br")));
    assert!(plain.starts_with('"') && plain.ends_with('"') && plain.len() == 34 && plain != br, "{plain}");
    let status = |known: &str| ask("assets/app-1a2b.js", &[(header::IF_NONE_MATCH, known)]).unwrap().status();
    for known in [plain.as_str(), "*", &format!("\"x\", {plain}"), &format!("W/{plain}")] {
        assert_eq!(status(known), 304, "{known}");
    }
    for other in [br.as_str(), "\"x\"", plain.trim_matches('"')] {
        assert_eq!(status(other), 200, "{other}");
    }
    let not_modified = ask("assets/app-1a2b.js", &[(header::IF_NONE_MATCH, &plain)]).unwrap();
    assert!(not_modified.body().is_empty() && header(&not_modified, &header::CONTENT_TYPE).is_empty());
    assert_eq!(header(&not_modified, &header::ETAG), plain);
    assert_eq!(header(&not_modified, &header::CACHE_CONTROL), "public, max-age=31536000, immutable");
}

#[test]
fn every_answer_says_what_the_page_may_do() {
    let not_built = under_ui::<NotBuilt>("", &HeaderMap::new()).unwrap();
    let not_modified = ask("", &[(header::IF_NONE_MATCH, "*")]).unwrap();
    for response in [ask("", &[]).unwrap(), ask("icon.svg", &[]).unwrap(), not_built, not_modified] {
        let policy = header(&response, &header::CONTENT_SECURITY_POLICY);
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; img-src"),
            "{policy}"
        );
        assert!(
            policy.contains("require-trusted-types-for 'script'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(header(&response, &header::REFERRER_POLICY), "no-referrer");
        assert_eq!(header(&response, &header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    }
}

#[test]
fn without_a_page_a_browser_is_told_how_to_build_it() {
    let response = under_ui::<NotBuilt>("errors", &HeaderMap::new()).unwrap();
    assert_eq!(response.status(), 404);
    assert!(String::from_utf8(response.body().to_vec()).unwrap().contains("<code>make web</code>"));
    assert_eq!(document::<NotBuilt>(DOCS, &HeaderMap::new()).body(), response.body());
    assert!(under_ui::<NotBuilt>("assets/app-1a2b.js", &HeaderMap::new()).is_none());
}
