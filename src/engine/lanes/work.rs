//! What a queue in lanes is made of: its table, and what is done with a row.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::queue::{CLASSES, Waiting};

/// What a queue in lanes does with its rows.
#[async_trait]
pub trait LaneWork: Send + Sync + 'static {
    /// For logs.
    fn name(&self) -> &'static str;
    /// Rows of one lane that are held in memory at most; the lane's later ones stay in the table.
    fn lane_rows_max(&self) -> usize {
        usize::MAX
    }
    /// The next rows of the table. Of a lane, either none or its first ones.
    async fn fetch(&self, page: &Page) -> Result<Batch, sqlx::Error>;
    /// The lowest id that may have been read past since the last call, because rows become visible in another order than
    /// they were numbered in: reading goes back to it.
    fn missed(&self) -> Option<i64> {
        None
    }
    /// Rows that another part of this process put into the table, as soon as there are any: they are not looked for
    /// there. Whoever claims a row must refuse one that is not the first of its lane.
    async fn handed(&self) -> Vec<Waiting> {
        std::future::pending().await
    }
    /// Whether the last row of a lane goes first: a mistake that the crash suite makes.
    fn takes_last(&self) -> bool {
        false
    }
    /// If the row must not start yet: until when. Called just before it starts.
    fn hold_back(&self, item: &Waiting) -> Option<Hold>;
    /// Works on one row.
    async fn process(&self, item: Waiting) -> Verdict;
}

/// What is asked of the table: for each class so many rows with an id above the last one seen.
#[derive(Clone, Debug)]
pub struct Page {
    /// The highest id that was seen, for each class.
    pub after: [i64; CLASSES],
    /// How many more may be held, for each class.
    pub room: [i64; CLASSES],
    /// Lanes of which no more may be held, for each class.
    pub full: [Vec<i64>; CLASSES],
}

/// What the table had.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The rows.
    pub rows: Vec<Waiting>,
    /// Up to where each class has been seen now.
    pub after: [i64; CLASSES],
    /// Whether there may be more in some class that has room.
    pub more: bool,
}

impl Batch {
    /// The rows of a table that has only the first class, in order of id.
    pub fn of_one_class(rows: Vec<Waiting>, page: &Page) -> Self {
        let mut after = page.after;
        after[0] = rows.last().map_or(after[0], |row| row.id);
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        // No room is no reason to ask again: the other classes always have some.
        let more = page.room[0] > 0 && count >= page.room[0];
        Self { rows, after, more }
    }
}

/// Why a row does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Its lane has to wait.
    Lane(OffsetDateTime),
    /// All of its class and of lower ones have to.
    Class(OffsetDateTime),
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has left the queue, by our hand or another's.
    Done,
    /// It stays at the head of its lane and is tried again then.
    Again {
        /// When.
        at: OffsetDateTime,
    },
    /// Another replica has its lane: what is held of it is forgotten, all at once. Row by row, a lane that comes back in the
    /// middle of it would go on with its later rows.
    Elsewhere,
    /// An earlier row of its lane waits in the table: what is held of the lane is forgotten, and read anew.
    Passed,
}
