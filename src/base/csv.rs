//! Comma-separated values (RFC 4180) that are safe to open in a spreadsheet.
//!
//! A cell that begins like a formula is one for the common spreadsheets, and may send what stands beside it elsewhere
//! (OWASP, "CSV Injection"). Such a cell gets an apostrophe before it, which they show as text; a plain number keeps its
//! minus.

/// Characters with which a formula may begin, after any blanks.
/// The wide ones are read as the others where such are typed.
pub const FORMULA: [char; 10] = [
    '=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// Adds one record to `out`, with its line end.
pub fn record<I, S>(out: &mut String, cells: I)
where
    I: IntoIterator<Item = S>,
    S: AsRef<str>,
{
    for (n, cell) in cells.into_iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        push(out, cell.as_ref());
    }
    out.push_str("\r\n");
}

fn push(out: &mut String, cell: &str) {
    let is_formula = cell.trim_start_matches([' ', '\n']).starts_with(FORMULA) && !is_number(cell);
    let is_quoted = is_formula || cell.contains([',', '"', '\n', '\r', '\'']);
    if !is_quoted {
        out.push_str(cell);
        return;
    }
    out.push('"');
    if is_formula {
        out.push('\'');
    }
    for c in cell.chars() {
        if c == '"' {
            out.push('"');
        }
        // A NUL ends a cell, or the file, for some readers.
        if c != '\0' {
            out.push(c);
        }
    }
    out.push('"');
}

/// `-12`, `-0.50`: nothing that could be evaluated to anything else.
fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(cell: &str) -> String {
        let mut out = String::new();
        record(&mut out, [cell]);
        out.strip_suffix("\r\n").expect("a line end").to_owned()
    }

    #[test]
    fn formulas_become_text_and_numbers_stay_numbers() {
        for (cell, written) in [
            ("plain", "plain"),
            ("", ""),
            ("-12.50", "-12.50"),
            ("12", "12"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("+49 30", "\"'+49 30\""),
            ("-cmd|' /C calc'!A0", "\"'-cmd|' /C calc'!A0\""),
            ("-1-1", "\"'-1-1\""),
            ("-", "\"'-\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("  =1", "\"'  =1\""),
            ("\n=1", "\"'\n=1\""),
            ("\t=1", "\"'\t=1\""),
            ("＝1+1", "\"'＝1+1\""),
            ("－1", "\"'－1\""),
            (
                "=HYPERLINK(\"http://x\")",
                "\"'=HYPERLINK(\"\"http://x\"\")\"",
            ),
        ] {
            assert_eq!(one(cell), written, "{cell:?}");
        }
    }

    #[test]
    fn cells_stand_beside_each_other() {
        let mut out = String::new();
        record(&mut out, ["a", "b c", "d,e"]);
        record(&mut out, ["1", "", "-2"]);
        assert_eq!(out, "a,b c,\"d,e\"\r\n1,,-2\r\n");
    }

    proptest! {
        #[test]
        fn no_cell_begins_like_a_formula_or_breaks_its_record(cell in any::<String>()) {
            let written = one(&cell);
            let shown = match written.strip_prefix('"') {
                None => written.clone(),
                Some(rest) => rest.strip_suffix('"').expect("a closing quote").replace("\"\"", "\u{1}"),
            };
            prop_assert!(!shown.contains('"'), "{written:?}");
            if !is_number(&shown) {
                prop_assert!(!shown.trim_start_matches([' ', '\n']).starts_with(FORMULA), "{written:?}");
            }
        }
    }
}
