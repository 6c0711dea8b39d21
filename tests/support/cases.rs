//! Properties: what has to hold for whatever somebody may write, tried with many inputs that are the same in each run.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[path = "random.rs"]
mod random;

pub use random::Random;

/// How many inputs a property is tried with.
const CASES: u64 = 10_000;

/// Tries a property: `make` makes an input, and `holds` panics if it does not hold for that.
///
/// What fails is told with its number; `NS_CASE` tries that one alone.
#[track_caller]
pub fn for_any<T: Debug>(make: impl Fn(&mut Random) -> T, holds: impl Fn(&T)) {
    let only = std::env::var("NS_CASE").ok().map(|case| case.parse().expect("NS_CASE is a number"));
    for case in only.map_or(0..CASES, |case: u64| case..case + 1) {
        // Neighbouring seeds would differ by little in the first number.
        let input = make(&mut Random(case.wrapping_mul(0xd1b5_4a32_d192_ed03)));
        if catch_unwind(AssertUnwindSafe(|| holds(&input))).is_err() {
            panic!("does not hold; NS_CASE={case}, input: {input:?}");
        }
    }
}

/// What parsers take for special, and what they may not expect.
const ODD: &[u8] = b"\0\t\n\x0b\r\x1b !\"'#%()*+,-./0:;<=>[\\]_`x{}~\x7f\x80\xc3\xa9\xed\xff";

impl Random {
    /// Any index of something so long; 0 for nothing.
    pub fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length.max(1) as u64)).expect("an index")
    }

    /// Any byte, an odd one in half of the cases.
    pub fn byte(&mut self) -> u8 {
        if self.once_in(2) { self.one(ODD) } else { self.number().to_le_bytes()[0] }
    }

    /// Fewer than `end` bytes of any kind.
    pub fn bytes(&mut self, end: usize) -> Vec<u8> {
        (0..self.place(end)).map(|_| self.byte()).collect()
    }

    /// A number that is at the edge of something in most cases.
    pub fn edge(&mut self) -> u64 {
        let near = self.one(&[0, 1 << 7, 1 << 8, 1 << 15, 1 << 16, 1 << 31, 1 << 32, 1 << 63]);
        match self.below(4) {
            0 => self.number(),
            1 => self.below(10),
            2 => near,
            _ => u64::wrapping_sub(near, 1 + self.below(3)),
        }
    }

    /// `valid` after up to four changes: cut off, shortened, lengthened, overwritten, or with a part of it repeated.
    pub fn changed(&mut self, valid: &[u8]) -> Vec<u8> {
        let mut text = valid.to_vec();
        for _ in 0..self.below(5) {
            let place = self.place(text.len());
            let end = (place + 1 + self.place(8)).min(text.len());
            match self.below(6) {
                0 => text.truncate(place),
                1 => drop(text.drain(place..end)),
                2 => text.insert(place, self.byte()),
                3 => text.extend_from_within(place..),
                4 => drop(text.splice(place..end, self.edge().to_string().into_bytes())),
                _ if text.is_empty() => {}
                _ => text[place] = self.byte(),
            }
        }
        text
    }
}
