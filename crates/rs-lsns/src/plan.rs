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
use crate::options::{self, ColumnOptions, LayoutOptions, Options, SelectionOptions};
use crate::rows::Wanted;
use crate::sources::ancestors::Questions;
use crate::sources::processes::Search;
use crate::table::{Charset, Format, JsonStyle, Layout};
use crate::tree::Relation;

/// What the program will do.
#[derive(Debug)]
pub enum Plan {
    /// Explain the columns.
    ExplainColumns(Layout),
    /// List namespaces or processes.
    List(Box<Listing>),
}

/// What will be listed.
#[derive(Debug)]
pub struct Listing {
    /// What the rows are.
    pub subject: Subject,
    /// What is looked for.
    pub scope: Scope,
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
const PROCESS_DEFAULTS: [Column; 4] = [Column::Pid, Column::Ppid, Column::User, Column::Command];

impl Plan {
    /// Makes a plan of the options.
    ///
    /// # Errors
    /// For an operand that is no number or stands beside `--task`, and for columns that there are not, also in the filter.
    pub fn from_options(options: Options) -> Result<Self> {
        let layout = laid_out(&options.layout, &options.columns);
        if options.columns.list_columns {
            return Ok(Plan::ExplainColumns(Layout { headings: false, ..layout }));
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
        let subject = subject(&options.selection, &options.operands)?;
        let columns = columns(options)?;
        let plain = options.layout.list || options.columns.output_all && !matches!(subject, Subject::ProcessesIn(_));
        let tree = options.layout.tree.or((!plain).then_some(Relation::Process));
        let filter = bind(options.selection.filter.as_deref())?;
        let filtered = filter.as_ref().map(Bound::columns).unwrap_or_default();
        let known = [&columns, filtered].concat();
        let mut wanted_at_all = wanted(&known);
        wanted_at_all.parent |= tree == Some(Relation::Process) && columns.contains(&tree_column(Relation::Process));
        Ok(Self {
            subject,
            scope: scope(subject, kinds(&options.selection), tree, &known),
            tree,
            filter_wants_details: !wanted(filtered).is_none(),
            wanted: wanted_at_all,
            filter,
            columns,
            truncate: !options.columns.notruncate,
            layout,
        })
    }
}

/// The columns that are shown.
fn columns(options: &Options) -> Result<Vec<Column>> {
    let defaults = if options.columns.output_all {
        Column::all().collect()
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
fn scope(subject: Subject, kinds: Kinds, tree: Option<Relation>, columns: &[Column]) -> Scope {
    let known = |column| columns.contains(&column);
    let everything = matches!(subject, Subject::Namespaces { .. });
    let questions = Questions {
        relatives: is_of_relatives(tree, subject) || known(Column::Pns) || known(Column::Ons),
        netnsid: known(Column::Netnsid),
    };
    Scope { search: Search { kinds, held: everything, questions }, mounted: everything, places: known(Column::Nsfs) }
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
        return Err(Error::new(Doing::CombiningTaskAndNamespace));
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
    }
}
