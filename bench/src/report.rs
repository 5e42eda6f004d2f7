//! The table: each figure beside its peer, with their ratio.

/// One line.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub figure: String,
    /// Bulwark's.
    pub ours: String,
    /// The peer's, and what it is.
    pub peer: String,
    /// Ours by theirs, or theirs by ours, as the goal says.
    pub ratio: Option<f64>,
    /// What the ratio, or the figure, should be.
    pub goal: String,
    /// Whether it is.
    pub reached: Option<bool>,
}

impl Row {
    /// A ratio that should be at least `goal`.
    pub fn at_least(
        figure: impl Into<String>,
        ours: String,
        peer: String,
        ratio: f64,
        goal: f64,
    ) -> Self {
        Self {
            figure: figure.into(),
            ours,
            peer,
            ratio: Some(ratio),
            goal: format!("≥ {goal}"),
            reached: Some(ratio >= goal),
        }
    }

    /// A ratio that should be at most `goal`.
    pub fn at_most(
        figure: impl Into<String>,
        ours: String,
        peer: String,
        ratio: f64,
        goal: f64,
    ) -> Self {
        Self {
            figure: figure.into(),
            ours,
            peer,
            ratio: Some(ratio),
            goal: format!("≤ {goal}"),
            reached: Some(ratio <= goal),
        }
    }

    /// A figure with a bound of its own.
    pub fn bound(
        figure: impl Into<String>,
        ours: String,
        goal: impl Into<String>,
        reached: bool,
    ) -> Self {
        Self {
            figure: figure.into(),
            ours,
            peer: String::new(),
            ratio: None,
            goal: goal.into(),
            reached: Some(reached),
        }
    }

    /// A figure without a goal.
    pub fn plain(figure: impl Into<String>, ours: String, peer: String) -> Self {
        Self {
            figure: figure.into(),
            ours,
            peer,
            ratio: None,
            goal: String::new(),
            reached: None,
        }
    }
}

/// The rows as a Markdown table.
pub fn table(rows: &[Row]) -> String {
    let mut text =
        "| figure | Bulwark | beside | ratio | goal | |\n|---|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let ratio = row
            .ratio
            .map(|ratio| format!("{ratio:.2}"))
            .unwrap_or_default();
        let reached = match row.reached {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        text += &format!(
            "| {} | {} | {} | {ratio} | {} | {reached} |\n",
            row.figure, row.ours, row.peer, row.goal
        );
    }
    text
}

/// The middle of `values`; of an even number the mean of the two in the middle.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => sorted[len / 2],
        len => f64::midpoint(sorted[len / 2 - 1], sorted[len / 2]),
    }
}

/// 12345.6 as `12,346`.
pub fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 && digit.is_ascii_digit() {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_found_and_numbers_are_read_easily() {
        assert_eq!(median([3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]).to_bits(), 2.5_f64.to_bits());
        assert_eq!(thousands(1_234_567.4), "1,234,567");
        assert_eq!(thousands(999.0), "999");
    }
}
