//! Which of the encodings that a file was built in a client is sent.

use http::{HeaderMap, header};

/// An encoding that the build leaves beside each file that becomes smaller by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    /// The smallest first.
    const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// As headers name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// What is behind the name of a file in this encoding.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }
}

/// Those that the client takes, what it likes best first.
pub(crate) fn accepted(headers: &HeaderMap) -> Vec<Encoding> {
    let sent = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let weighed: Vec<_> = sent.flat_map(|value| value.split(',')).map(weight).collect();
    let weight_of = |encoding: Encoding| {
        let named = |name: &str| weighed.iter().find(|(coding, _)| coding.eq_ignore_ascii_case(name));
        named(encoding.name()).or_else(|| named("*")).map_or(0.0, |(_, weight)| *weight)
    };
    let mut accepted: Vec<_> =
        Encoding::ALL.into_iter().filter(|encoding| weight_of(*encoding) > 0.0).collect();
    accepted.sort_by(|one, other| weight_of(*other).total_cmp(&weight_of(*one)));
    accepted
}

/// A coding and its weight, of `gzip;q=0.5`: 1 where none is given, 0 for one that can't be read.
fn weight(sent: &str) -> (&str, f64) {
    let (coding, parameter) = sent.split_once(';').unwrap_or((sent, "q=1"));
    let weight =
        parameter.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.trim_start().strip_prefix('='));
    (coding.trim(), weight.and_then(|weight| weight.trim().parse().ok()).unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_sent_the_smallest_of_what_it_likes_best() {
        use Encoding::{Brotli, Gzip};
        for (sent, expected) in [
            ("gzip, deflate, br, zstd", vec![Brotli, Gzip]),
            ("GZIP", vec![Gzip]),
            ("br;q=0.5, gzip;q=0.8", vec![Gzip, Brotli]),
            ("*", vec![Brotli, Gzip]),
            ("*;q=0, gzip", vec![Gzip]),
            ("br ; q = 0, gzip;Q=1", vec![Gzip]),
            ("br;q=0, *;q=0.1", vec![Gzip]),
            ("identity", vec![]),
            ("", vec![]),
            ("br;level=1", vec![]),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, sent.parse().unwrap())]);
            assert_eq!(accepted(&headers), expected, "{sent:?}");
        }
        assert_eq!(accepted(&HeaderMap::new()), []);
        let mut twice = HeaderMap::new();
        twice.append(header::ACCEPT_ENCODING, "deflate".parse().unwrap());
        twice.append(header::ACCEPT_ENCODING, "gzip".parse().unwrap());
        assert_eq!(accepted(&twice), [Gzip]);
    }
}
