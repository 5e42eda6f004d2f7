//! Named moments at which the crash suite kills the process, and seeded mistakes that its checker must find.
//!
//! Without the cargo feature `faults` (the ordinary binary) every call here is an empty inline function. With it, a
//! process that was armed kills or stops itself when it passes a point for the n-th time, and notes in a file which
//! points it has passed, so that the suite can prove that each of them is reached.

#[cfg(feature = "faults")]
mod armed;
mod names;

#[cfg(feature = "faults")]
pub use armed::{Arm, Plan, arm, clock_ahead, mutant, reach};

/// Passes a point.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn reach(_: Point) {}

/// Whether a mistake is to be made here, now.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub const fn mutant(_: Mutant) -> bool {
    false
}
pub use names::{Mutant, Point};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_lead_back() {
        let points: BTreeSet<&str> = Point::ALL.iter().map(|point| point.name()).collect();
        assert_eq!(points.len(), Point::ALL.len());
        for point in Point::ALL {
            assert_eq!(Point::named(point.name()), Some(*point));
        }
        let mutants: BTreeSet<&str> = Mutant::ALL.iter().map(|mutant| mutant.name()).collect();
        assert_eq!(mutants.len(), Mutant::ALL.len());
        assert_eq!(Point::named("nowhere"), None);
    }
}
