//! A filter whose columns are known: what it makes of the cells of a line.

use std::borrow::Cow;

use nix::errno::Errno;
use nscore::regex::Regex;

use super::lexer::{Comparison, Matching};
use super::parser::Expression;
use super::value::{Type, Value};

/// Something that holds for a line, or does not.
#[derive(Debug)]
pub(super) enum Condition<C> {
    Constant(bool),
    Cell(Cell<C>),
    Not(Box<Condition<C>>),
    And(Box<Condition<C>>, Box<Condition<C>>),
    Or(Box<Condition<C>>, Box<Condition<C>>),
    Compare { comparison: Comparison, kind: Type, left: Operand<C>, right: Operand<C> },
    Match { matching: Matching, subject: Subject<C>, regex: Regex },
}

/// A cell of the line: its column, and what that holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<C> {
    pub(super) column: C,
    pub(super) kind: Type,
}

/// One side of a comparison.
#[derive(Debug)]
pub(super) enum Operand<C> {
    /// A literal in the type of the comparison, or why it cannot be cast to it. That is an error only where it is asked for.
    Literal(Result<Value<'static>, Errno>),
    Cell(Cell<C>),
    Condition(Box<Condition<C>>),
}

/// What a regular expression is looked for in.
#[derive(Debug)]
pub(super) enum Subject<C> {
    Literal(Value<'static>),
    Cell(Cell<C>),
    /// Anything else: an error when it comes to it.
    Other,
}

/// Gives the text of a line's cell; None where there is none.
pub(super) type Cells<'f, 'a, C> = &'f dyn Fn(C) -> Option<Cow<'a, [u8]>>;

/// Gives a column by the name that was typed.
type Resolve<'f, C> = &'f mut dyn FnMut(&str) -> Option<(C, Type)>;

/// Turns a parsed filter into a condition. Names of no column are added to `unknown`, in the order of the text.
pub(super) fn bind<C: Copy>(
    expression: Expression,
    resolve: Resolve<'_, C>,
    unknown: &mut Vec<String>,
) -> Condition<C> {
    match operand(expression, resolve, unknown) {
        Unbound::Literal(value) => Condition::Constant(value.is_true()),
        Unbound::Cell(cell) => Condition::Cell(cell),
        Unbound::Unknown => Condition::Constant(false),
        Unbound::Condition(condition) => condition,
    }
}

/// An operand whose surroundings are not known yet.
enum Unbound<C> {
    Literal(Value<'static>),
    Cell(Cell<C>),
    /// A name that is no column's; nothing of this filter will be used.
    Unknown,
    Condition(Condition<C>),
}

fn operand<C: Copy>(expression: Expression, resolve: Resolve<'_, C>, unknown: &mut Vec<String>) -> Unbound<C> {
    let mut condition = |side: Box<Expression>| Box::new(bind(*side, resolve, unknown));
    Unbound::Condition(match expression {
        Expression::Literal(value) => return Unbound::Literal(value),
        Expression::Holder(name) => match resolve(&name) {
            Some((column, kind)) => return Unbound::Cell(Cell { column, kind }),
            None => {
                unknown.push(name);
                return Unbound::Unknown;
            }
        },
        Expression::Not(inner) => Condition::Not(condition(inner)),
        Expression::And(left, right) => Condition::And(condition(left), condition(right)),
        Expression::Or(left, right) => Condition::Or(condition(left), condition(right)),
        Expression::Compare(comparison, left, right) => {
            let left = operand(*left, resolve, unknown);
            let right = operand(*right, resolve, unknown);
            let kind = common_type(&left, &right);
            Condition::Compare { comparison, kind, left: left.for_comparison(kind), right: right.for_comparison(kind) }
        }
        Expression::Match(matching, subject, regex) => {
            let subject = operand(*subject, resolve, unknown).for_match();
            Condition::Match { matching, subject, regex }
        }
    })
}

/// The type in which two operands are compared.
fn common_type<C>(left: &Unbound<C>, right: &Unbound<C>) -> Type {
    let (of_left, of_right) = (left.kind(), right.kind());
    match (of_left, of_right) {
        (Type::Number, Type::Float) | (Type::Float, Type::Number) => Type::Float,
        // A column follows what it is compared with; else the left side leads.
        _ if left.is_holder() && !right.is_holder() => of_right,
        _ => of_left,
    }
}

impl<C> Unbound<C> {
    fn kind(&self) -> Type {
        match self {
            Self::Literal(value) => value.kind(),
            Self::Cell(cell) => cell.kind,
            Self::Unknown => Type::String,
            Self::Condition(_) => Type::Boolean,
        }
    }

    fn is_holder(&self) -> bool {
        matches!(self, Self::Cell(_) | Self::Unknown)
    }

    fn for_comparison(self, kind: Type) -> Operand<C> {
        match self {
            Self::Literal(value) => Operand::Literal(value.cast(kind)),
            Self::Cell(cell) => Operand::Cell(cell),
            Self::Unknown => Operand::Literal(Err(Errno::EINVAL)),
            Self::Condition(condition) => Operand::Condition(Box::new(condition)),
        }
    }

    fn for_match(self) -> Subject<C> {
        match self {
            Self::Literal(value @ Value::String(_)) => Subject::Literal(value),
            Self::Cell(cell) => Subject::Cell(cell),
            _ => Subject::Other,
        }
    }
}

impl<C: Copy> Condition<C> {
    /// Whether it holds for a line.
    ///
    /// # Errors
    /// EINVAL or ERANGE for a cell or literal that is not what it is compared as, EINVAL for a regular expression on what is neither column nor string.
    pub(super) fn holds<'s, 'a: 's>(&'s self, cells: Cells<'_, 'a, C>) -> Result<bool, Errno> {
        match self {
            Self::Constant(holds) => Ok(*holds),
            Self::Cell(cell) => Ok(cell.read(cells)?.is_some_and(|value| value.is_true())),
            Self::Not(inner) => Ok(!inner.holds(cells)?),
            Self::And(left, right) => Ok(left.holds(cells)? && right.holds(cells)?),
            Self::Or(left, right) => Ok(left.holds(cells)? || right.holds(cells)?),
            Self::Compare { comparison, kind, left, right } => {
                let (left, right) = (left.value(*kind, cells)?, right.value(*kind, cells)?);
                Ok(compare(*comparison, *kind, left.as_ref(), right.as_ref()))
            }
            Self::Match { matching, subject, regex } => {
                Ok(regex.matches(&subject.text(cells)?) == (*matching == Matching::Matches))
            }
        }
    }
}

/// Compares two values of the same type, of which either may be missing.
fn compare(comparison: Comparison, kind: Type, left: Option<&Value<'_>>, right: Option<&Value<'_>>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => comparison.holds(left.partial_cmp(right)),
        // No string comes before every string, the empty one included.
        _ if kind == Type::String => comparison.holds(left.is_some().partial_cmp(&right.is_some())),
        // No number differs from every number, and is not even unequal to it.
        _ => false,
    }
}

impl<C: Copy> Cell<C> {
    /// The value; None for an empty cell.
    fn read<'a>(&self, cells: Cells<'_, 'a, C>) -> Result<Option<Value<'a>>, Errno> {
        cells(self.column).map_or(Ok(None), |text| Value::read(self.kind, text))
    }

    /// The value in another type, in which an empty cell of a number's column is a zero.
    fn read_as<'a>(&self, kind: Type, cells: Cells<'_, 'a, C>) -> Result<Option<Value<'a>>, Errno> {
        let value = self.read(cells)?;
        if kind == self.kind {
            return Ok(value);
        }
        value.or_else(|| Value::zero(self.kind)).map(|value| value.cast(kind)).transpose()
    }
}

impl<C: Copy> Operand<C> {
    fn value<'s, 'a: 's>(&'s self, kind: Type, cells: Cells<'_, 'a, C>) -> Result<Option<Value<'s>>, Errno> {
        match self {
            Self::Literal(Ok(value)) => Ok(Some(value.borrowed())),
            Self::Literal(Err(errno)) => Err(*errno),
            Self::Cell(cell) => cell.read_as(kind, cells),
            Self::Condition(condition) => Value::Boolean(condition.holds(cells)?).cast(kind).map(Some),
        }
    }
}

impl<C: Copy> Subject<C> {
    /// The text that a regular expression is looked for in: nothing for an empty cell of a string's column, zero for others.
    fn text<'s, 'a: 's>(&'s self, cells: Cells<'_, 'a, C>) -> Result<Cow<'s, [u8]>, Errno> {
        match self {
            Self::Literal(value) => Ok(value.borrowed().into_text()),
            Self::Cell(cell) => {
                let value = cell.read(cells)?.or_else(|| Value::zero(cell.kind));
                Ok(value.map(Value::into_text).unwrap_or_default())
            }
            Self::Other => Err(Errno::EINVAL),
        }
    }
}
