//! Id maps of a user namespace: parsed, taken from /etc/subuid, fitted around a single id, written.
//!
//! The rules of what may be written are in "User and group ID mappings" of user_namespaces(7).

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;

use crate::accounts;
use crate::child;
use crate::error::{Doing, Error, Result, While};
use crate::number::{self, NotANumber};
use crate::plainfile::read_plain;
use crate::process::Process;
use crate::procfile;

/// How many ids there are: 0 to 4294967294. The last number of 32 bits means "no id".
pub const IDS: u32 = u32::MAX;

/// User ids or group ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// User ids.
    Users,
    /// Group ids.
    Groups,
}

impl Side {
    /// The file in `/proc/PID`.
    pub fn map_file(self) -> &'static str {
        match self {
            Side::Users => "uid_map",
            Side::Groups => "gid_map",
        }
    }

    /// Where the administrator lists the ranges that users may map.
    pub(crate) fn subordinate_file(self) -> &'static Path {
        Path::new(match self {
            Side::Users => "/etc/subuid",
            Side::Groups => "/etc/subgid",
        })
    }

    /// The set-user-ID program that writes maps for ordinary users.
    pub(crate) fn mapper(self) -> &'static str {
        match self {
            Side::Users => "newuidmap",
            Side::Groups => "newgidmap",
        }
    }
}

/// `count` ids, beginning at `inner` inside the user namespace and at `outer` outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdRange {
    /// The first id inside.
    pub inner: u32,
    /// The first id outside.
    pub outer: u32,
    /// How many ids.
    pub count: u32,
}

impl IdRange {
    /// A line of a map, as the kernel shows it: three numbers.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let numbers: Option<Vec<u32>> = line.split_ascii_whitespace().map(|number| number.parse().ok()).collect();
        let [inner, outer, count] = numbers?.try_into().ok()?;
        Some(Self { inner, outer, count })
    }

    /// The map of one id to another.
    pub fn single(inner: u32, outer: u32) -> Self {
        Self { inner, outer, count: 1 }
    }
}

/// As the kernel reads it: inner, outer, count.
impl fmt::Display for IdRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.inner, self.outer, self.count)
    }
}

/// What `--map-users` and `--map-groups` can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapping {
    /// The ids given.
    Range(IdRange),
    /// The caller's subordinate ids, from inner id 0 on (`auto`).
    Auto,
    /// The caller's subordinate ids, under the same numbers (`subids`).
    SubordinateIds,
    /// All ids that are mapped where the caller is, under the same numbers (`all`).
    All,
}

impl Mapping {
    /// Reads `inner:outer:count`, the older `outer,inner,count`, `auto`, `subids` or `all`.
    ///
    /// # Errors
    /// [`Doing::ParsingMapping`] for anything else, and for ranges that reach beyond the last id.
    pub fn parse(text: &OsStr) -> Result<Self> {
        match text.as_bytes() {
            b"auto" => Ok(Mapping::Auto),
            b"subids" => Ok(Mapping::SubordinateIds),
            b"all" => Ok(Mapping::All),
            _ => parse_range(text)
                .map(Mapping::Range)
                .ok_or_else(|| Error::new(Doing::ParsingMapping { text: text.into() })),
        }
    }
}

fn parse_range(text: &OsStr) -> Option<IdRange> {
    let numbers = |separator: u8| -> Option<[u32; 3]> {
        let fields = text.as_bytes().split(|byte| *byte == separator);
        let numbers: Vec<u32> =
            fields.map(|field| number::parse_id(OsStr::from_bytes(field)).ok()).collect::<Option<_>>()?;
        numbers.try_into().ok()
    };
    let range = match numbers(b':') {
        Some([inner, outer, count]) => IdRange { inner, outer, count },
        None => numbers(b',').map(|[outer, inner, count]| IdRange { inner, outer, count })?,
    };
    // A range must end before the number that is no id; wrapping round would map ids that nobody asked for.
    let fits = |first: u32| first.checked_add(range.count).is_some();
    (fits(range.inner) && fits(range.outer)).then_some(range)
}

/// The ids that are mapped on one side: a list of ranges that are not fitted to each other yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    inner: Vec<Interval>,
    outer: Vec<Interval>,
}

/// The ids from `first` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Interval {
    first: u32,
    end: u32,
}

impl Interval {
    fn new(first: u32, count: u32) -> Self {
        Self { first, end: first.saturating_add(count) }
    }

    fn len(self) -> u32 {
        self.end - self.first
    }
}

impl Block {
    /// A range with both ends fixed: an id that falls out on one side takes the last one of the other with it.
    fn fixed(range: IdRange) -> Self {
        Self {
            inner: vec![Interval::new(range.inner, range.count)],
            outer: vec![Interval::new(range.outer, range.count)],
        }
    }

    /// `count` outer ids under the inner ids from 0 on, as many as it takes.
    fn open_ended(outer: u32, count: u32) -> Self {
        Self { inner: vec![Interval::new(0, IDS)], outer: vec![Interval::new(outer, count)] }
    }

    /// Takes the two ids of `single` out, each on its side.
    fn without(mut self, single: IdRange) -> Self {
        self.inner = punch(&self.inner, single.inner);
        self.outer = punch(&self.outer, single.outer);
        self
    }

    /// Pairs what is left inside with what is left outside, in order, until one side is used up.
    fn ranges(mut self) -> Vec<IdRange> {
        let mut ranges = Vec::new();
        self.inner.reverse();
        self.outer.reverse();
        while let (Some(inner), Some(outer)) = (self.inner.pop(), self.outer.pop()) {
            let count = inner.len().min(outer.len());
            ranges.push(IdRange { inner: inner.first, outer: outer.first, count });
            put_back_rest(&mut self.inner, inner, count);
            put_back_rest(&mut self.outer, outer, count);
        }
        ranges.retain(|range| range.count > 0);
        ranges
    }
}

fn put_back_rest(intervals: &mut Vec<Interval>, interval: Interval, used: u32) {
    if interval.len() > used {
        intervals.push(Interval { first: interval.first + used, end: interval.end });
    }
}

fn punch(intervals: &[Interval], hole: u32) -> Vec<Interval> {
    let around = |interval: &Interval| {
        if (interval.first..interval.end).contains(&hole) {
            vec![Interval { first: interval.first, end: hole }, Interval { first: hole + 1, end: interval.end }]
        } else {
            vec![*interval]
        }
    };
    intervals.iter().flat_map(around).filter(|interval| interval.len() > 0).collect()
}

impl Mapping {
    /// Finds the ids that the mapping stands for, for the user `uid`.
    ///
    /// # Errors
    /// [`Doing::FindingUser`], [`Doing::OpeningIdRanges`], [`Doing::FindingSubordinateIds`] or [`Doing::ParsingSubordinateIds`].
    pub fn resolve(&self, side: Side, uid: u32) -> Result<Vec<Block>> {
        let identity = |(first, count)| Block::fixed(IdRange { inner: first, outer: first, count });
        Ok(match self {
            Mapping::Range(range) => vec![Block::fixed(*range)],
            Mapping::Auto => {
                let (first, count) = subordinate_ids(side, uid)?;
                vec![Block::open_ended(first, count)]
            }
            Mapping::SubordinateIds => vec![identity(subordinate_ids(side, uid)?)],
            Mapping::All => own_map(side)?.into_iter().map(identity).collect(),
        })
    }
}

/// The map of `single`, which comes first, and of `blocks`, fitted around it.
pub fn fit(blocks: &[Block], single: Option<IdRange>) -> Vec<IdRange> {
    let around = |block: &Block| match single {
        Some(single) => block.clone().without(single).ranges(),
        None => block.clone().ranges(),
    };
    single.into_iter().chain(blocks.iter().flat_map(around)).collect()
}

/// The ids that exist in the caller's user namespace: first and count of each line of its own map.
fn own_map(side: Side) -> Result<Vec<(u32, u32)>> {
    let path = PathBuf::from(format!("/proc/self/{}", side.map_file()));
    let text = fs::read_to_string(&path).doing(|| Doing::OpeningIdRanges { path: path.clone() })?;
    Ok(text.lines().filter_map(IdRange::of_line).map(|range| (range.inner, range.count)).collect())
}

/// The first range that the administrator gave to the user: first id and count, see subuid(5).
fn subordinate_ids(side: Side, uid: u32) -> Result<(u32, u32)> {
    // Both files go by the user, subgid(5) too.
    let user = accounts::user_by_id(uid).ok_or_else(|| Error::new(Doing::FindingUser { uid }))?.name;
    let path = side.subordinate_file();
    log::debug!("looking for {user:?} in {path:?}");
    let text = read_plain(path).doing(|| Doing::OpeningIdRanges { path: path.into() })?;
    for line in text.split(|byte| *byte == b'\n') {
        if let Some(range) = parse_subordinate_line(line, &user, uid)? {
            return Ok(range);
        }
    }
    Err(Error::new(Doing::FindingSubordinateIds { user, file: path.into() }))
}

/// The range of one line, if it is the user's and complete.
fn parse_subordinate_line(line: &[u8], user: &OsStr, uid: u32) -> Result<Option<(u32, u32)>> {
    let mut fields = line.splitn(3, |byte| *byte == b':');
    let (Some(owner), Some(first), Some(count)) = (fields.next(), fields.next(), fields.next()) else {
        return Ok(None);
    };
    if owner != user.as_bytes() && leading_number(owner) != u64::from(uid) {
        return Ok(None);
    }
    let number = |text: &[u8]| {
        number::parse_id(OsStr::from_bytes(text)).map_err(|reason| Error {
            doing: Doing::ParsingSubordinateIds { text: OsString::from_vec(text.to_vec()) },
            errno: (reason == NotANumber::OutOfRange).then_some(Errno::ERANGE),
        })
    };
    let (first, number_of_ids) = (number(first)?, number(count)?);
    match first.checked_add(number_of_ids) {
        Some(_) => Ok(Some((first, number_of_ids))),
        // It would reach past the last id.
        None => Err(Error {
            doing: Doing::ParsingSubordinateIds { text: OsString::from_vec(count.to_vec()) },
            errno: Some(Errno::ERANGE),
        }),
    }
}

/// The number that `text` begins with, 0 where it begins with none.
///
/// util-linux reads the owner of a line so, which gives root (0) the first line of any name; a map
/// that works with it must work here.
fn leading_number(text: &[u8]) -> u64 {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

/// Whether a user namespace's processes may call setgroups(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setgroups {
    /// They may.
    Allow,
    /// They may not, and neither may those in namespaces below.
    Deny,
}

impl Setgroups {
    /// Reads `allow` or `deny`.
    ///
    /// # Errors
    /// [`Doing::ParsingSetgroups`] for anything else.
    pub fn parse(text: &OsStr) -> Result<Self> {
        match text.as_bytes() {
            b"allow" => Ok(Setgroups::Allow),
            b"deny" => Ok(Setgroups::Deny),
            _ => Err(Error::new(Doing::ParsingSetgroups { text: text.into() })),
        }
    }

    /// The word that the kernel's file takes.
    pub fn word(self) -> &'static str {
        match self {
            Setgroups::Allow => "allow",
            Setgroups::Deny => "deny",
        }
    }
}

/// Writes the policy for the user namespace that this process is in.
///
/// # Errors
/// [`Doing::Writing`]: EPERM once the gid map is written, or for `allow` below a namespace that denies.
pub fn set_setgroups(policy: Setgroups) -> Result<()> {
    procfile::put(Path::new("/proc/self/setgroups"), policy.word().as_bytes())
}

/// What [`set_setgroups_of`] does for the process that is called `pid`, as the log shows it.
pub fn words_of_setgroups(pid: &str, policy: Setgroups) -> String {
    format!("write(\"/proc/{pid}/setgroups\", {:?})", policy.word())
}

/// Writes the policy for the user namespace of `process`, from outside.
///
/// # Errors
/// As for [`set_setgroups`].
pub fn set_setgroups_of(process: &Process, policy: Setgroups) -> Result<()> {
    let path = process.path("setgroups");
    log::info!("{}", words_of_setgroups(&process.pid().to_string(), policy));
    let file = procfile::open(&process.sure_path("setgroups"), || Doing::Opening { path: path.clone() })?;
    procfile::write(&file, policy.word().as_bytes(), || Doing::Writing { path: path.clone() })
}

/// Maps one id in the user namespace that this process has just made.
///
/// # Errors
/// [`Doing::Opening`]; [`Doing::WritingOwnMap`]: EPERM for an outer id that is not the process's own, or for groups
/// while setgroups is allowed.
pub fn write_own(side: Side, range: IdRange) -> Result<()> {
    let path = format!("/proc/self/{}", side.map_file());
    let file = procfile::open(Path::new(&path), || Doing::Opening { path: path.clone().into() })?;
    procfile::write(&file, range.to_string().as_bytes(), || Doing::WritingOwnMap { side, range })
}

/// Writes the whole map of the user namespace of `process`, from outside: by the file itself as
/// root, else through newuidmap(1) or newgidmap(1), which knows what the administrator allows.
///
/// # Errors
/// [`Doing::OpeningNamespaceFile`], [`Doing::WritingMap`], [`Doing::Executing`]; [`Doing::AskingMapper`] when the mapper
/// refused, [`Doing::Dying`] when it was killed.
pub fn write_of(side: Side, process: &Process, ranges: &[IdRange]) -> Result<()> {
    if nix::unistd::geteuid().is_root() {
        write_file_of(side, process, ranges)
    } else {
        ask_mapper(side, process, ranges)
    }
}

/// What [`write_of`] does for the process that is called `pid`, as the log shows it.
///
/// # Errors
/// [`Doing::FittingMap`].
pub fn words_of_write(side: Side, pid: &str, ranges: &[IdRange]) -> Result<String> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(format!("{:?}", mapper(side, pid, ranges)));
    }
    let path = PathBuf::from(format!("/proc/{pid}/{}", side.map_file()));
    let lines = lines(&path, ranges)?;
    Ok(format!("write({path:?}, {lines:?})"))
}

/// The map as the kernel takes it: less than a page, by one write.
fn lines(path: &Path, ranges: &[IdRange]) -> Result<String> {
    let lines: String = ranges.iter().map(|range| format!("{range}\n")).collect();
    if lines.len() >= 4096 {
        return Err(Error::new(Doing::FittingMap { path: path.into() }));
    }
    Ok(lines)
}

fn write_file_of(side: Side, process: &Process, ranges: &[IdRange]) -> Result<()> {
    let path = process.path(side.map_file());
    let lines = lines(&path, ranges)?;
    log::info!("write({path:?}, {lines:?})");
    let file =
        procfile::open(&process.sure_path(side.map_file()), || Doing::OpeningNamespaceFile { path: path.clone() })?;
    procfile::write(&file, lines.as_bytes(), || Doing::WritingMap { path: path.clone(), side, ranges: ranges.to_vec() })
}

fn mapper(side: Side, pid: &str, ranges: &[IdRange]) -> Command {
    let numbers = ranges.iter().flat_map(|range| [range.inner, range.outer, range.count]);
    let mut command = Command::new(side.mapper());
    command.arg(pid).args(numbers.map(|number| number.to_string()));
    command
}

fn ask_mapper(side: Side, process: &Process, ranges: &[IdRange]) -> Result<()> {
    let mut command = mapper(side, &process.pid().to_string(), ranges);
    log::info!("{command:?}");
    let status = command.status().doing(|| Doing::Executing { program: side.mapper().into() })?;
    child::expect_success(side.mapper(), status).map_err(|error| match error.doing {
        Doing::Reported { status } => Error::new(Doing::AskingMapper { side, ranges: ranges.to_vec(), status }),
        _ => error,
    })
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// What may be mapped may not wrap round, and is read as it is written.
    pub fn of_range(text: &[u8]) {
        let _ = Mapping::parse(OsStr::from_bytes(text));
        let Some(range) = parse_range(OsStr::from_bytes(text)) else { return };
        assert!(range.inner.checked_add(range.count).is_some() && range.outer.checked_add(range.count).is_some());
        assert_eq!(parse_range(OsStr::new(&range.to_string().replace(' ', ":"))), Some(range));
        assert_eq!(IdRange::of_line(&range.to_string()), Some(range));
    }

    /// A line of subuid(5) that counts is of the user `nsuser`, 4242, and its range ends before the last id.
    pub fn of_subordinate_line(line: &[u8]) {
        let Ok(Some((first, count))) = parse_subordinate_line(line, OsStr::new("nsuser"), 4242) else { return };
        assert!(first.checked_add(count).is_some());
        assert!(line.starts_with(b"nsuser:") || leading_number(line) == 4242);
    }

    /// The pairs of ids in a map, inside and outside.
    fn pairs(ranges: &[IdRange]) -> Vec<(u32, u32)> {
        let pairs = |range: &IdRange| (range.inner..).zip(range.outer..).take(range.count as usize).collect::<Vec<_>>();
        ranges.iter().flat_map(pairs).collect()
    }

    /// What is left on both sides, paired in order: this is all that fitting is to do. For ranges of at most 100 ids.
    pub fn of_fitting(range: IdRange, is_open: bool, single: Option<IdRange>) {
        let block = if is_open { Block::open_ended(range.outer, range.count) } else { Block::fixed(range) };
        let ranges = fit(&[block], single);
        let left =
            |first: u32, count: u32, hole: Option<u32>| (first..first + count).filter(move |id| Some(*id) != hole);
        let outer = left(range.outer, range.count, single.map(|single| single.outer));
        let (first, count) = if is_open { (0, 101) } else { (range.inner, range.count) };
        let inner = left(first, count, single.map(|single| single.inner));
        let single = single.map(|single| (single.inner, single.outer));
        assert!(single.into_iter().chain(inner.zip(outer)).eq(pairs(&ranges)), "{ranges:?}");
    }

    /// Ranges of any size, from each even one of these `ends` to the next, as `all` has them: nothing overlaps. `ends` ascend.
    pub fn of_several_ranges(single: IdRange, ends: &[u32]) {
        let identity = |ends: &[u32]| IdRange { inner: ends[0], outer: ends[0], count: ends[1] - ends[0] };
        let blocks: Vec<_> = ends.chunks_exact(2).map(identity).map(Block::fixed).collect();
        let ranges = fit(&blocks, Some(single));
        for side in [|range: &IdRange| range.inner, |range: &IdRange| range.outer] {
            let mut sorted: Vec<_> = ranges.iter().map(|range| (side(range), range.count)).collect();
            sorted.sort_unstable();
            assert!(sorted.iter().all(|(first, count)| *count > 0 && first.checked_add(*count).is_some()));
            assert!(sorted.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0), "{ranges:?}");
        }
        let all: u64 = ends.chunks_exact(2).map(|ends| u64::from(ends[1] - ends[0])).sum();
        let fitted: u64 = ranges.iter().map(|range| u64::from(range.count)).sum();
        // The single one, and for each side a pair that may fall out.
        assert!((all.saturating_sub(1)..=all + 1).contains(&fitted), "{ranges:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Random, for_any};

    fn range(text: &str) -> IdRange {
        parse_range(OsStr::new(text)).unwrap()
    }

    fn fitted(block: Block, single: &str) -> String {
        let ranges: Vec<_> = block.without(range(single)).ranges().iter().map(IdRange::to_string).collect();
        ranges.join(", ")
    }

    #[test]
    fn mappings_are_read_in_both_orders() {
        assert_eq!(range("0:100000:5"), IdRange { inner: 0, outer: 100_000, count: 5 });
        assert_eq!(range("100000,0,5"), IdRange { inner: 0, outer: 100_000, count: 5 });
        assert_eq!(range(" 1:+2:03"), IdRange { inner: 1, outer: 2, count: 3 });
        assert_eq!(range("0:0:4294967295").count, IDS);
        for text in [
            "",
            "1",
            "1:2",
            "1:2:3:4",
            "1:2,3",
            "a:b:c",
            "1:2:3 ",
            "-1:2:3",
            "4294967295:0:1",
            "0:4294967294:2",
            "0:0:4294967296",
        ] {
            assert_eq!(parse_range(OsStr::new(text)), None, "{text:?}");
        }
        for (text, mapping) in [("auto", Mapping::Auto), ("subids", Mapping::SubordinateIds), ("all", Mapping::All)] {
            assert_eq!(Mapping::parse(OsStr::new(text)), Ok(mapping));
        }
        assert!(Mapping::parse(OsStr::new("AUTO")).is_err());
    }

    #[test]
    fn a_single_id_punches_holes_into_a_fixed_range() {
        let fixed = |text: &str, single: &str| fitted(Block::fixed(range(text)), single);
        assert_eq!(fixed("0:0:10", "3:0:1"), "0 1 3, 4 4 6");
        assert_eq!(fixed("5:100000:10", "7:0:1"), "5 100000 2, 8 100002 7");
        assert_eq!(fixed("0:100000:1", "0:0:1"), "");
        assert_eq!(fixed("100000:0:10", "0:0:1"), "100000 1 9");
        assert_eq!(fixed("0:0:4294967295", "5:0:1"), "0 1 5, 6 6 4294967289");
        assert_eq!(fixed("0:5:0", "0:0:1"), "");
    }

    #[test]
    fn an_automatic_range_makes_room_without_losing_ids() {
        assert_eq!(fitted(Block::open_ended(100_000, 65536), "0:0:1"), "1 100000 65536");
        assert_eq!(fitted(Block::open_ended(100_000, 65536), "65534:0:1"), "0 100000 65534, 65535 165534 2");
        assert_eq!(fitted(Block::open_ended(0, 0), "0:7:1"), "");
    }

    #[test]
    fn lines_of_subuid() {
        let parse = |line: &str| parse_subordinate_line(line.as_bytes(), OsStr::new("nsuser"), 4242);
        assert_eq!(parse("nsuser:300000:65536"), Ok(Some((300_000, 65536))));
        assert_eq!(parse("nsuser:4294967290:5"), Ok(Some((4_294_967_290, 5))));
        for line in ["4242:1:2", " +4242:1:2"] {
            assert_eq!(parse(line), Ok(Some((1, 2))), "{line:?}");
        }
        for line in ["", "# nsuser:1:2", "root:1:2", "nsuser", "nsuser:", "nsuser:1"] {
            assert_eq!(parse(line), Ok(None), "{line:?}");
        }
        for line in
            ["nsuser:a:b", "nsuser:1:", "nsuser:1:2:3", "nsuser:-5:6", "nsuser:99999999999:6", "nsuser:4294967290:6"]
        {
            assert!(parse(line).is_err(), "{line:?}");
        }
    }

    /// A number at the beginning, or at the end, of all ids.
    fn id(random: &mut Random) -> u32 {
        let small = u32::try_from(random.below(12)).unwrap();
        if random.once_in(3) { IDS - 1 - small } else { small }
    }

    /// A range that the options let through, of few ids.
    fn few(random: &mut Random) -> IdRange {
        let (inner, outer) = (id(random), id(random));
        let count = u32::try_from(random.below(12)).unwrap().min(IDS - inner).min(IDS - outer);
        IdRange { inner, outer, count }
    }

    #[test]
    fn a_map_is_fitted_without_losing_ids() {
        for_any(
            |random| {
                let (range, single) = (few(random), IdRange::single(id(random), id(random)));
                (range, random.once_in(2), Some(single).filter(|_| !random.once_in(4)))
            },
            |(range, is_open, single)| properties::of_fitting(*range, *is_open, *single),
        );
    }

    /// Ranges of any size, several of them that do not touch each other, as `all` has them.
    #[test]
    fn fitted_ranges_never_overlap() {
        for_any(
            |random| {
                let mut ends: Vec<_> = (0..8).map(|_| u32::try_from(random.edge() % u64::from(IDS)).unwrap()).collect();
                ends.sort_unstable();
                let at = |random: &mut Random| ends[random.place(8)].saturating_add(u32::from(random.once_in(2)));
                (IdRange::single(at(random).min(IDS - 1), at(random).min(IDS - 1)), ends.clone())
            },
            |(single, ends)| properties::of_several_ranges(*single, ends),
        );
    }

    #[test]
    fn a_range_is_read_as_it_is_written() {
        for_any(
            |random| {
                let text = format!("{}:{}:{}", random.edge(), random.edge(), random.edge());
                random.changed(text.as_bytes())
            },
            |text| properties::of_range(text),
        );
    }

    #[test]
    fn any_line_of_subuid() {
        for_any(
            |random| {
                let text = format!("nsuser:{}:{}", random.edge(), random.edge());
                random.changed(text.as_bytes())
            },
            |line| properties::of_subordinate_line(line),
        );
    }
}
