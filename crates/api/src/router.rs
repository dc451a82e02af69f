//! Which route a request takes.

use std::collections::BTreeMap;

use axum::http::Method;

use crate::error::ApiError;
use crate::route::Route;

/// Finds routes by path, then by method.
pub(crate) struct Router(matchit::Router<Vec<&'static Route>>);

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
            by_path.entry(route.path).or_default().push(route);
        }
        let mut router = matchit::Router::new();
        for (path, routes) in by_path {
            anyhow::ensure!(path.matches('{').count() <= 1, "{path} has several variable segments");
            router.insert(format!("{path}/"), routes.clone())?;
            router.insert(path, routes)?;
        }
        Ok(Self(router))
    }

    /// The route of a method and path; `HEAD` takes that of `GET`.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Result<Found, ApiError> {
        let found = self.0.at(path).map_err(|_| ApiError::NoRoute)?;
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let route = found.value.iter().find(|route| route.method == *method);
        let route = route.ok_or_else(|| ApiError::Method { allowed: allowed(found.value) })?;
        let segment = found.params.iter().next().map(|(_, segment)| segment.to_owned());
        Ok(Found { route, segment })
    }
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
