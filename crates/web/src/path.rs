//! What the path of a file says of it.

/// Types of the files that a build leaves, by the ends of their names.
const TYPES: [(&str, &str); 12] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("ico", "image/x-icon"),
    ("woff2", "font/woff2"),
    ("json", "application/json"),
    ("map", "application/json"),
    ("webmanifest", "application/manifest+json"),
    ("txt", "text/plain; charset=utf-8"),
];

/// The build puts files here whose names hold a hash of what is in them.
const HASHED: &str = "assets/";

/// The file's `Content-Type`, if its name ends as one of a build.
pub(crate) fn content_type(path: &str) -> Option<&'static str> {
    let (_, end) = path.rsplit_once('.')?;
    TYPES.iter().find(|(known, _)| *known == end).map(|(_, content_type)| *content_type)
}

/// Whether a path is that of a file, there or not, rather than of a place in the page. Places of things have slashes,
/// and names with dots behind them, as users have.
pub(crate) fn is_of_file(path: &str) -> bool {
    path.starts_with(HASHED) || !path.contains('/') && content_type(path).is_some()
}

/// How long browsers may use what they have without asking. Behind the name of a hashed file there is never anything
/// else.
pub(crate) fn cache_control(path: &str) -> &'static str {
    if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_from_a_place_of_the_page() {
        for file in ["index.html", "assets/app-1a2b.js", "assets/none", "assets/x.js.br", "favicon.svg"] {
            assert!(is_of_file(file), "{file}");
        }
        for place in
            ["", "errors", "errors/", "users/jane@example.com.br", "user/report.json", "users/.", "json"]
        {
            assert!(!is_of_file(place), "{place}");
        }
    }
}
