//! What will be listed, and how: made of the options before anything of /proc is read.

use std::env;
use std::ffi::{OsStr, OsString};

use nix::errno::Errno;

use nscore::kind::Kinds;
use nscore::number::{self, NotANumber};
use nscore::{Doing, Error, Kind, Result, locale, terminal};

use crate::columns::Column;
use crate::filter::{Bound, UnknownColumns};
use crate::inventory::{Kin, Scope};
use crate::options::{self, Colouring, ColumnOptions, LayoutOptions, Options, SelectionOptions};
use crate::rows::Wanted;
use crate::sources::ancestors::Questions;
use crate::sources::processes::Search;
use crate::table::{Charset, Format, JsonStyle, Layout};
use crate::tree::Relation;

/// What the program will do.
#[derive(Debug)]
pub enum Plan {
    /// Explain the columns; ours as well.
    ExplainColumns(Layout, bool),
    /// List namespaces or processes.
    List(Box<Listing>),
    /// Draw what would be listed.
    Draw(Box<Listing>),
    /// Compare how many would be listed with how many there may be, of these kinds.
    Limit(Box<Listing>, Kinds),
    /// List the numbers of the process with this number.
    MapPid(u32, Layout),
}

/// What will be listed.
#[derive(Debug)]
pub struct Listing {
    /// What the rows are.
    pub subject: Subject,
    /// What is looked for.
    pub scope: Scope,
    /// Which kinds of it are shown.
    pub shown: Kinds,
    /// The columns, from left to right.
    pub columns: Vec<Column>,
    /// How the rows are related, which puts them in order; and draws a tree, if the column for it is there.
    pub tree: Option<Relation>,
    /// Which rows are shown.
    pub filter: Option<Bound<Column>>,
    /// Whether the filter asks for what is read of a process.
    pub filter_wants_details: bool,
    /// What filter, columns and tree ask of a process.
    pub wanted: Wanted,
    /// Whether what a terminal has no room for is cut off.
    pub truncate: bool,
    /// Whether kinds have colours.
    pub coloured: bool,
    /// How it is laid out.
    pub layout: Layout,
}

/// What the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Namespaces: all of them, or those without a process.
    Namespaces {
        /// Only those without a process.
        persistent: bool,
    },
    /// The namespaces of the process with this number.
    OfTask(u32),
    /// The processes in the namespace with this inode.
    ProcessesIn(u64),
}

/// What `--output` begins with.
const DEFAULTS: [Column; 6] = [Column::Ns, Column::Type, Column::Nprocs, Column::Pid, Column::User, Column::Command];
const NETWORK_DEFAULTS: [Column; 8] = [
    Column::Ns,
    Column::Type,
    Column::Nprocs,
    Column::Pid,
    Column::User,
    Column::Netnsid,
    Column::Nsfs,
    Column::Command,
];
/// What stands in a graph.
const DRAWN: [Column; 6] = [Column::Ns, Column::Type, Column::Nprocs, Column::Pid, Column::User, Column::Command];
const PROCESS_DEFAULTS: [Column; 4] = [Column::Pid, Column::Ppid, Column::User, Column::Command];

impl Plan {
    /// Makes a plan of the options.
    ///
    /// # Errors
    /// For an operand that is no number or stands beside `--task`, and for columns that there are not, also in the filter.
    pub fn from_options(options: Options) -> Result<Self> {
        let layout = laid_out(&options.layout, &options.columns);
        if options.columns.list_columns {
            return Ok(Plan::ExplainColumns(Layout { headings: false, ..layout }, options.selection.all));
        }
        // What takes the place of the list is of namespaces, not of the processes in one.
        if let Some(option) = options.other.name().filter(|_| !options.operands.is_empty()) {
            return Err(Error::new(Doing::CombiningWithNamespace { option }));
        }
        if let Some(pid) = options.other.pid_map {
            return Ok(Plan::MapPid(pid, layout));
        }
        if options.other.limits {
            let listing = Listing::new(&options, layout, vec![Column::Type], None)?;
            return Ok(Plan::Limit(Box::new(listing), kinds(&options.selection)));
        }
        if options.other.dot {
            // A graph shows what is above others, as the tree of owners does.
            let listing = Listing::new(&options, layout, DRAWN.to_vec(), Some(Relation::Owner))?;
            return Ok(Plan::Draw(Box::new(listing)));
        }
        Listing::from_options(&options, layout).map(Box::new).map(Plan::List)
    }
}

impl Listing {
    /// Whether the rows are related as namespaces are.
    pub fn is_of_relatives(&self) -> bool {
        is_of_relatives(self.tree, self.subject)
    }

    /// The inode of the namespace that stands above one with these relatives.
    pub fn above(&self, kin: Kin) -> Option<u64> {
        match self.tree.filter(|_| self.is_of_relatives())? {
            Relation::Owner => kin.owner,
            Relation::Parent => kin.parent,
            Relation::Process => None,
        }
    }

    /// The inode of the namespace that comes before one with these relatives: the one above it, or if there is none its
    /// owner all the same.
    pub fn preceding(&self, kin: Kin) -> Option<u64> {
        self.above(kin).or_else(|| kin.owner.filter(|_| self.is_of_relatives()))
    }

    fn from_options(options: &Options, layout: Layout) -> Result<Self> {
        let lists_processes = matches!(subject(&options.selection, &options.operands)?, Subject::ProcessesIn(_));
        let plain = options.layout.list || options.columns.output_all && !lists_processes;
        let tree = options.layout.tree.or((!plain).then_some(Relation::Process));
        Self::new(options, layout, columns(options)?, tree)
    }

    fn new(options: &Options, layout: Layout, columns: Vec<Column>, tree: Option<Relation>) -> Result<Self> {
        let subject = subject(&options.selection, &options.operands)?;
        let filter = bind(options.selection.filter.as_deref())?;
        let filtered = filter.as_ref().map(Bound::columns).unwrap_or_default();
        let known = [&columns, filtered].concat();
        let mut wanted_at_all = wanted(&known);
        wanted_at_all.parent |= tree == Some(Relation::Process) && columns.contains(&tree_column(Relation::Process));
        Ok(Self {
            subject,
            scope: scope(subject, &options.selection, tree, &known),
            shown: kinds(&options.selection),
            tree,
            filter_wants_details: !wanted(filtered).is_none(),
            wanted: wanted_at_all,
            filter,
            columns,
            truncate: !options.columns.notruncate,
            coloured: is_coloured(&options.layout, layout),
            layout,
        })
    }
}

/// The columns that are shown.
fn columns(options: &Options) -> Result<Vec<Column>> {
    let defaults = if options.columns.output_all {
        Column::all(options.selection.all).collect()
    } else if !options.operands.is_empty() {
        PROCESS_DEFAULTS.to_vec()
    } else if options.selection.kinds.contains(&Kind::Net) {
        NETWORK_DEFAULTS.to_vec()
    } else {
        DEFAULTS.to_vec()
    };
    match &options.columns.output {
        Some(list) => Column::list(list, defaults),
        None => Ok(defaults),
    }
}

/// What has to be looked for, to show the rows and to know these columns of each.
fn scope(subject: Subject, selection: &SelectionOptions, tree: Option<Relation>, columns: &[Column]) -> Scope {
    let known = |column| columns.contains(&column);
    let (all, holders) = (selection.all, known(Column::HeldBy));
    let everything = all || holders || matches!(subject, Subject::Namespaces { .. });
    let above = [Column::Pns, Column::Ons, Column::Owner].into_iter().any(known);
    let questions = Questions {
        relatives: all || holders || above || is_of_relatives(tree, subject),
        netnsid: known(Column::Netnsid),
        id: all || known(Column::Nsid),
    };
    let search = Search {
        // What is of one kind may be found only by way of another.
        kinds: if all { Kind::all().collect() } else { kinds(selection) },
        held: everything,
        threads: all || holders || known(Column::Nthreads),
        questions,
    };
    Scope { search, mounted: everything, places: known(Column::Nsfs), all, descendants: holders }
}

/// Whether a tree has colours, here and now.
fn is_coloured(options: &LayoutOptions, layout: Layout) -> bool {
    let wanted = match options.color.unwrap_or(Colouring::Never) {
        Colouring::Always => true,
        Colouring::Never => false,
        // See https://no-color.org.
        Colouring::Auto => layout.terminal.is_some() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    wanted && options.tree.is_some() && layout.format == Format::List
}

/// How the table is laid out, here and now.
fn laid_out(layout: &LayoutOptions, columns: &ColumnOptions) -> Layout {
    let json = env::var_os("LIBSMARTCOLS_JSON");
    Layout {
        format: match (layout.json, layout.raw) {
            (true, _) => Format::Json(JsonStyle::from_environment(json.as_deref())),
            (false, true) => Format::Raw,
            (false, false) => Format::List,
        },
        headings: !columns.noheadings,
        wrap: !columns.nowrap,
        charset: match locale::charset() {
            locale::Charset::Utf8 => Charset::Utf8(locale::is_printable),
            locale::Charset::Other => Charset::Other,
        },
        terminal: terminal::columns(),
    }
}

/// Reads the operand.
fn inode(text: &OsStr) -> Result<u64> {
    number::parse_unsigned(text).map_err(|reason| Error {
        doing: Doing::ParsingInode { text: text.into() },
        errno: (reason == NotANumber::OutOfRange).then_some(Errno::ERANGE),
    })
}

fn subject(selection: &SelectionOptions, operands: &[OsString]) -> Result<Subject> {
    if selection.task.is_some() && !operands.is_empty() {
        return Err(Error::new(Doing::CombiningWithNamespace { option: "task" }));
    }
    Ok(match (operands.first().map(|text| inode(text)).transpose()?, selection.task) {
        (None, Some(pid)) => Subject::OfTask(pid),
        // No namespace has the number 0, and so util-linux lists them all.
        (None | Some(0), _) => Subject::Namespaces { persistent: selection.persistent },
        (Some(inode), _) => Subject::ProcessesIn(inode),
    })
}

fn kinds(selection: &SelectionOptions) -> Kinds {
    match selection.kinds.is_empty() {
        true => Kind::all().collect(),
        false => selection.kinds.iter().copied().collect(),
    }
}

/// Whether the rows are related as namespaces are. Processes of one namespace are not.
fn is_of_relatives(tree: Option<Relation>, subject: Subject) -> bool {
    matches!(tree, Some(Relation::Owner | Relation::Parent)) && !matches!(subject, Subject::ProcessesIn(_))
}

/// The column in which a tree is drawn.
pub fn tree_column(relation: Relation) -> Column {
    match relation {
        Relation::Owner | Relation::Parent => Column::Ns,
        Relation::Process => Column::Command,
    }
}

fn bind(filter: Option<&OsStr>) -> Result<Option<Bound<Column>>> {
    let column = |name: &str| Column::named(name.as_bytes()).map(|column| (column, column.filter_type()));
    let filter = filter.map(options::read_filter).transpose()?.flatten();
    let bound = filter.map(|filter| filter.bind(column)).transpose();
    bound.map_err(|UnknownColumns(names)| Error::new(Doing::InitializingFilter { names }))
}

/// What these columns show of a process.
fn wanted(columns: &[Column]) -> Wanted {
    Wanted {
        command: columns.contains(&Column::Command),
        parent: columns.contains(&Column::Ppid),
        uid: columns.contains(&Column::Uid),
        user: columns.contains(&Column::User),
        inner_pid: columns.contains(&Column::Nspid),
        cgroups: columns.contains(&Column::Container) || columns.contains(&Column::Cgroup),
        uid_map: columns.contains(&Column::UidMap),
    }
}
