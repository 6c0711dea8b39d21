//! What will be listed, and how: made of the options before anything of /proc is read.

use std::env;
use std::ffi::OsStr;

use nix::errno::Errno;

use nscore::kind::Kinds;
use nscore::number::{self, NotANumber};
use nscore::{Doing, Error, Kind, Result, locale, terminal};

use crate::columns::Column;
use crate::filter::{Bound, UnknownColumns};
use crate::inventory::Scope;
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
    /// What the filter asks of a process.
    pub wanted_by_filter: Wanted,
    /// What filter, columns and tree ask of a process.
    pub wanted: Wanted,
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
    /// For an operand that is no number, and columns that there are not.
    pub fn from_options(options: Options) -> Result<Self> {
        let Options { selection, columns, layout, operands, .. } = options;
        let style = style(&layout, &columns);
        if columns.list_columns {
            return Ok(Plan::ExplainColumns(Layout { headings: false, ..style }));
        }
        if selection.task.is_some() && !operands.is_empty() {
            return Err(Error::new(Doing::CombiningTaskAndNamespace));
        }
        let operand = operands.first().map(|text| inode(text)).transpose()?;
        let subject = subject(&selection, operand);
        let defaults = match operand {
            Some(_) => &PROCESS_DEFAULTS[..],
            None if selection.kinds.contains(&Kind::Net) => &NETWORK_DEFAULTS,
            None => &DEFAULTS,
        };
        let all = columns.output_all.then(|| Column::all().collect());
        let shown = all.unwrap_or_else(|| defaults.to_vec());
        let shown = match &columns.output {
            Some(list) => Column::list(list, shown)?,
            None => shown,
        };
        let plain = layout.list || columns.output_all && !matches!(subject, Subject::ProcessesIn(_));
        let tree = layout.tree.or((!plain).then_some(Relation::Process));
        let filter = bind(selection.filter.as_deref())?;
        Ok(Plan::List(Box::new(Listing::new(subject, kinds(&selection), shown, tree, filter, style))))
    }
}

impl Listing {
    fn new(
        subject: Subject,
        kinds: Kinds,
        columns: Vec<Column>,
        tree: Option<Relation>,
        filter: Option<Bound<Column>>,
        layout: Layout,
    ) -> Self {
        let filtered = filter.as_ref().map(|filter| filter.columns().to_vec()).unwrap_or_default();
        let known = |column| columns.contains(&column) || filtered.contains(&column);
        let questions = Questions {
            relatives: is_of_relatives(tree, subject) || known(Column::Pns) || known(Column::Ons),
            netnsid: known(Column::Netnsid),
        };
        let everything = matches!(subject, Subject::Namespaces { .. });
        let wanted_by_filter = wanted(&filtered);
        let mut wanted = wanted(&[&columns[..], &filtered].concat());
        wanted.parent |= tree == Some(Relation::Process) && columns.contains(&tree_column(Relation::Process));
        Self {
            subject,
            scope: Scope {
                search: Search { kinds, held: everything, questions },
                mounted: everything,
                places: known(Column::Nsfs),
            },
            columns,
            tree,
            filter,
            wanted_by_filter,
            wanted,
            layout,
        }
    }
}

/// How the table is laid out, here and now.
fn style(layout: &LayoutOptions, columns: &ColumnOptions) -> Layout {
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
        terminal: terminal::columns().filter(|_| !columns.notruncate),
    }
}

/// Reads the operand.
fn inode(text: &OsStr) -> Result<u64> {
    number::parse_unsigned(text).map_err(|reason| Error {
        doing: Doing::ParsingInode { text: text.into() },
        errno: (reason == NotANumber::OutOfRange).then_some(Errno::ERANGE),
    })
}

fn subject(selection: &SelectionOptions, operand: Option<u64>) -> Subject {
    match (operand, selection.task) {
        (None, Some(pid)) => Subject::OfTask(pid),
        // No namespace has the number 0, and so util-linux lists them all.
        (None | Some(0), _) => Subject::Namespaces { persistent: selection.persistent },
        (Some(inode), _) => Subject::ProcessesIn(inode),
    }
}

fn kinds(selection: &SelectionOptions) -> Kinds {
    match selection.kinds.is_empty() {
        true => Kind::all().collect(),
        false => selection.kinds.iter().copied().collect(),
    }
}

/// Whether the rows are related as namespaces are. Processes of one namespace are not.
pub fn is_of_relatives(tree: Option<Relation>, subject: Subject) -> bool {
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
