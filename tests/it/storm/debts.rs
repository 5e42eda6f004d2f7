//! What the model knows of rewards: how much of each one is taken back, and how much of later ones is kept for what was spent.

/// What a row is to a reward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum About {
    #[default]
    Nothing,
    /// It gives one.
    Earned(i64),
    /// It keeps so much of the one before it.
    Kept(i64),
    /// It takes one of this size back, as far as it is still there.
    Taken { of: i64 },
    /// It is no movement: nothing was there any more of so much that this user had earned.
    Lost { user: i64, amount: i64 },
}

/// What somebody owes of their rewards, row after row of their wallet.
#[derive(Debug)]
pub struct Debt {
    /// Lost at a row that is known, so far.
    lost: i64,
    /// Lost when nothing was there: no row says when.
    lost_at_some_time: i64,
    kept: i64,
    earned: Option<i64>,
}

impl Debt {
    pub fn new(lost_at_some_time: i64) -> Self {
        Self {
            lost: 0,
            lost_at_some_time,
            kept: 0,
            earned: None,
        }
    }

    /// The next row, which changes a wallet with this much by this much; what is wrong with it.
    pub fn row(&mut self, about: About, available: i64, change: i64) -> Option<String> {
        match (self.earned.take(), about) {
            (Some(earned), About::Kept(kept)) => return self.keep(earned, kept),
            (None, About::Kept(_)) => return Some("keeps of no reward".to_owned()),
            (Some(earned), _) => {
                if let Some(wrong) = self.keep(earned, 0) {
                    return Some(wrong);
                }
            }
            (None, _) => {}
        }
        match about {
            About::Earned(earned) => self.earned = Some(earned),
            About::Taken { of } => {
                self.lost += of + change;
                if -change != of.min(available) {
                    return Some(format!(
                        "takes {} of {of}, and {available} are there",
                        -change
                    ));
                }
            }
            About::Nothing | About::Kept(_) | About::Lost { .. } => {}
        }
        None
    }

    /// All that was owed in that moment is kept, as far as the reward reaches.
    fn keep(&mut self, earned: i64, kept: i64) -> Option<String> {
        let least = (self.lost - self.kept).max(0).min(earned);
        let most = (self.lost + self.lost_at_some_time - self.kept).min(earned);
        self.kept += kept;
        (kept < least || kept > most)
            .then(|| format!("{kept} kept of {earned}, and {least} to {most} were owed"))
    }

    /// What is owed after the last row; or what is wrong.
    pub fn end(mut self) -> Result<i64, String> {
        if let Some(wrong) = self.earned.take().and_then(|earned| self.keep(earned, 0)) {
            return Err(wrong);
        }
        Ok(self.lost + self.lost_at_some_time - self.kept)
    }
}
