//! What a build has in it: the page itself, not what stands in for it.

use http::{HeaderMap, StatusCode};

#[test]
#[ignore = "needs the page, which scripts/build-page.sh builds; scripts/test.sh asks for it"]
fn the_page_is_in_it_with_all_that_it_names() {
    let ask = |path: &str| web::under_ui(path, &HeaderMap::new());
    let page = ask("").unwrap();
    let text = str::from_utf8(page.body()).unwrap();
    let files: Vec<_> = text.split('"').filter_map(|part| part.strip_prefix("/ui/")).collect();
    assert!(files.iter().any(|path| path.starts_with("assets/index-")), "{text}");
    for path in files {
        let file = ask(path).unwrap_or_else(|| panic!("{path} is not there"));
        assert_eq!(file.status(), StatusCode::OK, "{path}");
        assert!(!file.body().is_empty() && file.body() != page.body(), "{path}");
    }
}
