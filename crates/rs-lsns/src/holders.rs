//! What keeps a namespace alive.

/// One way in which a namespace is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A process is in it.
    Process,
    /// A thread is in it whose process is not.
    Thread,
    /// The next child of a process will be in it.
    Children,
    /// Somebody has it open.
    Descriptor,
    /// A socket belongs to it.
    Socket,
    /// It is mounted somewhere.
    Mount,
    /// It owns another one, or another one was made in it.
    Descendant,
    /// The kernel says that it is active, and nothing else is seen.
    Unseen,
}

/// How each is called, in the order of the enum. What is not seen has no name.
const WORDS: [(Holder, &str); 7] = [
    (Holder::Process, "process"),
    (Holder::Thread, "thread"),
    (Holder::Children, "children"),
    (Holder::Descriptor, "fd"),
    (Holder::Socket, "socket"),
    (Holder::Mount, "mount"),
    (Holder::Descendant, "descendant"),
];

/// A set of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holders(u8);

impl Holders {
    /// Adds one.
    pub fn insert(&mut self, holder: Holder) {
        self.0 |= 1 << holder as u8;
    }

    /// Adds all of `others`.
    pub fn extend(&mut self, others: Holders) {
        self.0 |= others.0;
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The words for those in the set.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        WORDS.iter().filter(move |(holder, _)| self.0 & 1 << *holder as u8 != 0).map(|(_, word)| *word)
    }
}

impl From<Holder> for Holders {
    fn from(holder: Holder) -> Self {
        let mut holders = Self::default();
        holders.insert(holder);
        holders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_one_order() {
        let mut holders = Holders::from(Holder::Mount);
        holders.extend(Holder::Process.into());
        holders.insert(Holder::Unseen);
        assert_eq!(holders.words().collect::<Vec<_>>(), ["process", "mount"]);
        assert!(!Holders::from(Holder::Unseen).is_empty() && Holders::default().is_empty());
    }
}
