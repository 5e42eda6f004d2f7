//! Range requests (RFC 9110 §14). Pure.

use time::OffsetDateTime;

/// What to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    /// All of it.
    Whole,
    /// From the first byte to the last, both counted from 0 and included.
    Part {
        /// The first byte.
        first: u64,
        /// The last byte.
        last: u64,
    },
    /// Nothing of what was asked for is there: 416.
    Unsatisfiable,
}

/// What a `Range` header selects of `len` bytes.
///
/// A server may ignore ranges as it likes (§14.2); this one ignores other units, malformed headers, and several ranges
/// at once, and then sends all: legal, and safe from clients that ask for a thousand overlapping ones.
pub fn select(header: &str, len: u64) -> Selected {
    let Some((unit, ranges)) = header.split_once('=') else {
        return Selected::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Selected::Whole;
    }
    let mut specs = ranges
        .split(',')
        .map(str::trim)
        .filter(|spec| !spec.is_empty());
    let (Some(spec), None) = (specs.next(), specs.next()) else {
        return Selected::Whole;
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Selected::Whole;
    };
    match (number(first.trim()), number(last.trim())) {
        (Bound::At(first), Bound::At(last)) if first > last => Selected::Whole,
        (Bound::At(first), last @ (Bound::At(_) | Bound::Open)) => {
            if first >= len {
                return Selected::Unsatisfiable;
            }
            let end = len - 1;
            let last = if let Bound::At(last) = last {
                last.min(end)
            } else {
                end
            };
            Selected::Part { first, last }
        }
        (Bound::Open, Bound::At(suffix)) => {
            if suffix == 0 || len == 0 {
                return Selected::Unsatisfiable;
            }
            Selected::Part {
                first: len.saturating_sub(suffix),
                last: len - 1,
            }
        }
        _ => Selected::Whole,
    }
}

enum Bound {
    At(u64),
    Open,
    Malformed,
}

/// A number beyond 64 bits is a number all the same: beyond the end of any file.
fn number(text: &str) -> Bound {
    if text.is_empty() {
        return Bound::Open;
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Bound::Malformed;
    }
    Bound::At(text.parse().unwrap_or(u64::MAX))
}

/// Whether `If-Range` lets the range count: an equal strong tag, or a date that is not older (§13.1.5).
pub fn if_range_holds(header: &str, etag: &str, modified: Option<OffsetDateTime>) -> bool {
    let header = header.trim();
    if header.starts_with('"') {
        return header == etag;
    }
    // A weak tag never matches; a date only exactly.
    match (httpdate::parse_http_date(header), modified) {
        (Ok(date), Some(modified)) => OffsetDateTime::from(date) == modified,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(header: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        match select(header, bytes.len() as u64) {
            Selected::Whole => Some(bytes.to_vec()),
            Selected::Part { first, last } => Some(
                bytes[usize::try_from(first).expect("small")
                    ..=usize::try_from(last).expect("small")]
                    .to_vec(),
            ),
            Selected::Unsatisfiable => None,
        }
    }

    /// The RFC's words, on a list of positions.
    fn model(first: Option<usize>, last: Option<usize>, bytes: &[u8]) -> Option<Vec<u8>> {
        match (first, last) {
            (Some(first), Some(last)) if first > last => return Some(bytes.to_vec()),
            (None, None) => return Some(bytes.to_vec()),
            _ => {}
        }
        let wanted = |position: usize| match (first, last) {
            (Some(first), last) => position >= first && last.is_none_or(|last| position <= last),
            (None, Some(suffix)) => position + suffix >= bytes.len(),
            (None, None) => true,
        };
        let part: Vec<u8> = bytes
            .iter()
            .enumerate()
            .filter(|(position, _)| wanted(*position))
            .map(|(_, byte)| *byte)
            .collect();
        (!part.is_empty()).then_some(part)
    }

    proptest! {
        #[test]
        fn a_range_selects_what_the_rfc_says(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            first in prop::option::of(0_usize..50),
            last in prop::option::of(0_usize..50),
        ) {
            let text = |bound: Option<usize>| bound.map(|bound| bound.to_string()).unwrap_or_default();
            let header = format!("bytes={}-{}", text(first), text(last));
            prop_assert_eq!(cut(&header, &bytes), model(first, last, &bytes), "{}", header);
        }

        #[test]
        fn no_header_breaks_it(header in ".{0,60}", len in any::<u64>()) {
            if let Selected::Part { first, last } = select(&header, len) {
                prop_assert!(first <= last && last < len);
            }
        }
    }

    #[test]
    fn odd_headers_are_ignored_or_clamped() {
        let big = "99999999999999999999999999";
        assert_eq!(
            select(&format!("bytes=0-{big}"), 10),
            Selected::Part { first: 0, last: 9 }
        );
        assert_eq!(
            select(&format!("bytes={big}-"), 10),
            Selected::Unsatisfiable
        );
        assert_eq!(
            select(&format!("bytes=-{big}"), 10),
            Selected::Part { first: 0, last: 9 }
        );
        assert_eq!(select("bytes=0-1,3-4", 10), Selected::Whole);
        assert_eq!(
            select("BYTES= 2-3 ,", 10),
            Selected::Part { first: 2, last: 3 }
        );
        for header in [
            "items=0-1",
            "bytes",
            "bytes=",
            "bytes=a-b",
            "bytes=1",
            "bytes=--1",
            "bytes=+1-2",
        ] {
            assert_eq!(select(header, 10), Selected::Whole, "{header}");
        }
    }

    #[test]
    fn if_range_takes_only_an_equal_strong_tag() {
        assert!(if_range_holds("\"a\"", "\"a\"", None));
        assert!(!if_range_holds("W/\"a\"", "\"a\"", None));
        assert!(!if_range_holds("\"b\"", "\"a\"", None));
        assert!(!if_range_holds(
            "Thu, 01 Jan 2026 00:00:00 GMT",
            "\"a\"",
            None
        ));
    }
}
