//! Which route a request takes.

use std::collections::BTreeMap;

use axum::http::Method;

use crate::error::ApiError;
use crate::route::Route;
use crate::voice::Voice;

/// Finds routes by path, then by method.
pub(crate) struct Router(matchit::Router<Vec<&'static Route>>);

/// Why no route was found, and in whose words to say so.
pub(crate) struct Lost {
    pub(crate) voice: Voice,
    pub(crate) error: ApiError,
}

/// A route, and what stands in the variable segment of its path.
pub(crate) struct Found {
    pub(crate) route: &'static Route,
    pub(crate) segment: Option<String>,
}

impl Router {
    /// Every path is served with and without a trailing slash. An error is two paths that can't be told apart, or
    /// one with several variable segments.
    pub(crate) fn new(routes: &'static [Route]) -> anyhow::Result<Self> {
        let mut by_path = BTreeMap::<_, Vec<_>>::new();
        for route in routes {
            for path in std::iter::once(&route.path).chain(route.aliases) {
                by_path.entry(*path).or_default().push(route);
            }
        }
        let mut router = matchit::Router::new();
        for (path, routes) in by_path {
            anyhow::ensure!(path.matches('{').count() <= 1, "{path} has several variable segments");
            // The root is a slash already, and what takes all that is left takes the slash too.
            if path != "/" && !path.contains("{*") {
                router.insert(format!("{path}/"), routes.clone())?;
            }
            router.insert(path, routes)?;
        }
        Ok(Self(router))
    }

    /// The route of a method and path; `HEAD` takes that of `GET`. Slashes that stand side by side count as one:
    /// some clients put their host, which ends with one, in front of a path.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Result<Found, Lost> {
        let found = self.at(method, path);
        match collapsed(path) {
            Some(path) if found.as_ref().is_err_and(|lost| lost.error.is_no_route()) => {
                self.at(method, &path)
            }
            _ => found,
        }
    }

    fn at(&self, method: &Method, path: &str) -> Result<Found, Lost> {
        let found = self.0.at(path).map_err(|_| Voice::of_no_route(path))?;
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let route = found.value.iter().find(|route| route.method == *method);
        let route = route.ok_or_else(|| Lost {
            voice: found.value.first().map(|route| route.voice).unwrap_or_default(),
            error: ApiError::Method { allowed: allowed(found.value) },
        })?;
        let segment = found.params.iter().next().map(|(_, segment)| segment.to_owned());
        Ok(Found { route, segment })
    }
}

/// The path with single slashes, if it has others.
fn collapsed(path: &str) -> Option<String> {
    path.contains("//").then(|| {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        segments.flat_map(|segment| ["/", segment]).collect()
    })
}

/// As the `Allow` header lists them.
fn allowed(routes: &[&Route]) -> String {
    let mut methods = Vec::new();
    for route in routes {
        methods.push(route.method.as_str());
        if route.method == Method::GET {
            methods.push("HEAD");
        }
    }
    methods.join(",")
}
