//! The binaries hold the page: `make web` builds it before they are.

use std::collections::BTreeSet;

use reqwest::header::ACCEPT;

use crate::installation::Installation;

#[tokio::test]
async fn the_page_and_all_that_it_loads_are_served() {
    let millrace = Installation::embedded().await;
    let ask = async |path: &str, header: (_, &str)| {
        let asked = millrace.client.get(format!("{}{path}", millrace.api)).header(header.0, header.1);
        asked.send().await.unwrap()
    };
    let (mut pages, mut loaded) = (Vec::new(), BTreeSet::new());
    for path in ["/", "/docs"] {
        let page = ask(path, (ACCEPT, "text/html")).await;
        assert_eq!(page.status(), 200, "the page is not built: run make web");
        let page = page.text().await.unwrap();
        assert!(page.contains(".js\""), "{page}");
        let assets = page.split('"').filter(|part| part.starts_with("/ui/assets/")).map(str::to_owned);
        loaded.extend(assets);
        pages.push(page);
    }
    assert_ne!(pages[0], pages[1]);
    for path in loaded {
        let file = ask(&path, (reqwest::header::ACCEPT_ENCODING, "br")).await;
        let header = |name: &str| file.headers().get(name).map_or("", |value| value.to_str().unwrap());
        assert_eq!((file.status().as_u16(), header("content-encoding")), (200, "br"), "{path}");
        assert!(header("cache-control").contains("immutable"), "{path}");
        let etag = header("etag").to_owned();
        let asked = millrace.client.get(format!("{}{path}", millrace.api));
        let asked = asked.header("accept-encoding", "br").header("if-none-match", etag);
        assert_eq!(asked.send().await.unwrap().status(), 304, "{path}");
    }
}
