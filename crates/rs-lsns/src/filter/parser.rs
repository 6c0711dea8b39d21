//! From words to an expression, as an LR parser goes: with a stack of its own, so that no text can exhaust ours.
//!
//! The grammar is that of scols-filter(5), with what util-linux makes of it: `!` binds most tightly, then all comparisons and matches alike, then `&&` and `||`
//! alike; equals are taken from the left. What is complete is reduced before the next word is looked at, so an error in it comes before one in that word.

use std::fmt;

use nscore::regex::Regex;

use super::lexer::{Comparison, Lexer, Matching, Token};
use super::pattern;
use super::value::Value;

/// A filter that was read, whose columns are not known yet.
#[derive(Debug)]
pub(super) enum Expression {
    Literal(Value<'static>),
    /// The name of a column, as it was typed.
    Holder(String),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    Match(Matching, Box<Expression>, Regex),
}

/// Why a text is no filter. Its text is what stands behind the colon of `failed to parse "EXPR": `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseError {
    /// A word that may not stand where it stands.
    Syntax {
        /// Its name.
        unexpected: &'static str,
        /// Whether the filter could have ended there.
        complete: bool,
    },
    /// A number whose suffix takes it beyond 2^64-1, as it is written.
    OutOfRange(String),
    /// Too many operators and parentheses wait for their end.
    TooDeep,
    /// What is not a regular expression, in the words of libc.
    Regex(String),
    /// Too long, too many operands and operators, a regular expression that is refused, or something else in its place:
    /// which of them, as a hint has it. util-linux does not say.
    Refused(&'static str),
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { unexpected, complete } => {
                let expecting = if *complete { ", expecting end of file" } else { "" };
                write!(f, "syntax error, unexpected {unexpected}{expecting}")
            }
            Self::OutOfRange(text) => write!(f, "\"{text}\" token error: Numerical result out of range"),
            Self::TooDeep => f.write_str("memory exhausted"),
            Self::Regex(reason) => f.write_str(reason),
            Self::Refused(_) => f.write_str("(null)"),
        }
    }
}

impl std::error::Error for ParseError {}

/// What is no text where a pattern has to be.
const NO_PATTERN: ParseError = ParseError::Refused("behind =~ and !~ there has to be a text, in quotes");

/// The longest filter, in bytes.
const LONGEST: usize = 1024;

/// How many operands and operators a filter may have. Nothing that walks an expression recurses deeper.
const MOST_NODES: usize = 256;

/// How many symbols the stack takes.
const DEEPEST: usize = 254;

/// An operator with an operand on both sides.
#[derive(Debug, Clone, Copy)]
enum Binary {
    And,
    Or,
    Compare(Comparison),
    Match(Matching),
}

impl Binary {
    fn from_token(token: &Token<'_>) -> Option<Self> {
        match token {
            Token::And => Some(Self::And),
            Token::Or => Some(Self::Or),
            Token::Compare(comparison) => Some(Self::Compare(*comparison)),
            Token::Match(matching) => Some(Self::Match(*matching)),
            _ => None,
        }
    }

    /// Whether what is on its left is complete when `next` follows the right side.
    fn binds_before(self, next: Option<Self>) -> bool {
        let is_logic = |operator| matches!(operator, Self::And | Self::Or);
        !is_logic(self) || next.is_none_or(is_logic)
    }

    fn join(self, left: Expression, right: Expression) -> Result<Expression, ParseError> {
        let left = Box::new(left);
        Ok(match self {
            Self::And => Expression::And(left, Box::new(right)),
            Self::Or => Expression::Or(left, Box::new(right)),
            Self::Compare(comparison) => Expression::Compare(comparison, left, Box::new(right)),
            Self::Match(matching) => match right {
                Expression::Literal(Value::String(pattern)) => {
                    Expression::Match(matching, left, pattern::compile(&pattern)?)
                }
                _ => return Err(NO_PATTERN),
            },
        })
    }
}

/// What lies on the parser's stack.
#[derive(Debug)]
enum Symbol {
    Operand(Expression),
    Binary(Binary),
    Not,
    Open,
    Close,
}

/// Reads a filter that is not empty.
pub(super) fn parse(text: &[u8]) -> Result<Expression, ParseError> {
    if text.len() > LONGEST {
        return Err(ParseError::Refused("a filter has at most 1024 bytes"));
    }
    let mut lexer = Lexer::new(text);
    let mut parser = Parser::default();
    loop {
        let token = lexer.next();
        if !parser.is_complete() {
            parser.begin(&token)?;
        } else if let Some(filter) = parser.go_on(&token)? {
            return Ok(filter);
        }
    }
}

#[derive(Debug, Default)]
struct Parser {
    stack: Vec<Symbol>,
    nodes: usize,
    /// How many parentheses are open.
    open: usize,
}

impl Parser {
    /// Whether an operand lies on top, so that an operator, a parenthesis or the end may follow.
    fn is_complete(&self) -> bool {
        matches!(self.stack.last(), Some(Symbol::Operand(_)))
    }

    /// Takes a word where an operand has to begin.
    fn begin(&mut self, token: &Token<'_>) -> Result<(), ParseError> {
        let operand = match token {
            Token::Not => return self.shift(Symbol::Not),
            Token::Open => {
                self.open += 1;
                return self.shift(Symbol::Open);
            }
            Token::Number(number) => Expression::Literal(Value::Number(*number)),
            Token::Float(float) => Expression::Literal(Value::Float(*float)),
            Token::Boolean(boolean) => Expression::Literal(Value::Boolean(*boolean)),
            Token::String(text) => Expression::Literal(Value::string(text.to_vec().into())),
            Token::Holder(name) => Expression::Holder((*name).to_owned()),
            Token::OutOfRange(text) => return Err(ParseError::OutOfRange((*text).to_owned())),
            other => return Err(ParseError::Syntax { unexpected: other.name(), complete: false }),
        };
        // The word itself has to find room before it becomes something.
        self.check_depth()?;
        self.count_node()?;
        self.push_operand(operand)
    }

    /// Takes a word behind an operand. Gives the filter if that was the end of it.
    fn go_on(&mut self, token: &Token<'_>) -> Result<Option<Expression>, ParseError> {
        let operator = Binary::from_token(token);
        self.reduce_before(operator)?;
        match (operator, token) {
            (Some(operator), _) => self.shift(Symbol::Binary(operator)).map(|()| None),
            (None, Token::Close) if self.open > 0 => self.close().map(|()| None),
            (None, Token::End) if self.open == 0 => Ok(self.pop_operand()),
            (None, other) => Err(ParseError::Syntax { unexpected: other.name(), complete: self.open == 0 }),
        }
    }

    /// Joins what is complete when `next` follows; None stands for whatever is no operator.
    fn reduce_before(&mut self, next: Option<Binary>) -> Result<(), ParseError> {
        while let [.., Symbol::Operand(_), Symbol::Binary(operator), Symbol::Operand(_)] = self.stack[..] {
            if !operator.binds_before(next) {
                break;
            }
            let right = self.pop_operand();
            self.stack.pop();
            if let (Some(left), Some(right)) = (self.pop_operand(), right) {
                let joined = operator.join(left, right)?;
                self.count_node()?;
                self.stack.push(Symbol::Operand(joined));
            }
        }
        Ok(())
    }

    /// Puts an operand in the place of itself in parentheses.
    fn close(&mut self) -> Result<(), ParseError> {
        self.shift(Symbol::Close)?;
        self.stack.pop();
        let inside = self.pop_operand();
        self.stack.pop();
        self.open -= 1;
        inside.map_or(Ok(()), |inside| self.push_operand(inside))
    }

    /// Lays an operand on the stack, and every `!` before it around it.
    fn push_operand(&mut self, mut operand: Expression) -> Result<(), ParseError> {
        while let Some(Symbol::Not) = self.stack.last() {
            self.stack.pop();
            self.count_node()?;
            operand = Expression::Not(Box::new(operand));
        }
        self.stack.push(Symbol::Operand(operand));
        Ok(())
    }

    fn pop_operand(&mut self) -> Option<Expression> {
        match self.stack.pop() {
            Some(Symbol::Operand(operand)) => Some(operand),
            _ => None,
        }
    }

    fn shift(&mut self, symbol: Symbol) -> Result<(), ParseError> {
        self.check_depth()?;
        self.stack.push(symbol);
        Ok(())
    }

    /// Whether there is room for one symbol more.
    fn check_depth(&self) -> Result<(), ParseError> {
        if self.stack.len() < DEEPEST { Ok(()) } else { Err(ParseError::TooDeep) }
    }

    fn count_node(&mut self) -> Result<(), ParseError> {
        self.nodes += 1;
        let many = ParseError::Refused("a filter has at most 256 operands and operators");
        if self.nodes <= MOST_NODES { Ok(()) } else { Err(many) }
    }
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// An expression as a filter of the same meaning, but for patterns, which are not kept; none where a number has no
    /// spelling.
    fn spelt(expression: &Expression) -> Option<Vec<u8>> {
        let two = |left: &Expression, operator: &str, right: &Expression| {
            Some([&b"("[..], &spelt(left)?[..], b" ", operator.as_bytes(), b" ", &spelt(right)?, b")"].concat())
        };
        match expression {
            Expression::Literal(Value::String(text)) => {
                let quote: &[u8] = if text.contains(&b'"') { b"'" } else { b"\"" };
                Some([quote, text, quote].concat())
            }
            Expression::Literal(Value::Float(float)) => {
                let text = float.to_text();
                let text = if text.contains('.') { text } else { text + ".0" };
                Some(text.into_bytes()).filter(|text| text.iter().all(|it| it.is_ascii_digit() || *it == b'.'))
            }
            Expression::Literal(value) => Some(value.clone().into_text().into_owned()),
            Expression::Holder(name) => Some(name.clone().into_bytes()),
            Expression::Not(inner) => Some([&b"!"[..], &spelt(inner)?].concat()),
            Expression::And(left, right) => two(left, "and", right),
            Expression::Or(left, right) => two(left, "||", right),
            Expression::Compare(comparison, left, right) => two(left, Token::Compare(*comparison).name(), right),
            Expression::Match(matching, left, _) => {
                let operator = if *matching == Matching::Matches { "=~" } else { "!~" };
                Some([&b"("[..], &spelt(left)?, b" ", operator.as_bytes(), b" 'r')"].concat())
            }
        }
    }

    /// A filter is read or refused; one that was read can be spelt, and is read as the same.
    pub fn of_filter(text: &[u8]) {
        let filter = match parse(text) {
            Ok(filter) => filter,
            Err(error) => return assert!(!error.to_string().is_empty()),
        };
        assert!(text.len() <= LONGEST);
        // With all its parentheses it may be too long or too deep.
        let Some(whole) = spelt(&filter).filter(|whole| whole.len() <= LONGEST) else { return };
        match parse(&whole) {
            Ok(again) => assert_eq!(spelt(&again), Some(whole)),
            Err(error) => assert_eq!(error, ParseError::TooDeep, "{}", whole.escape_ascii()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Random, for_any};

    /// The expression with all its parentheses.
    fn shown(expression: &Expression) -> String {
        match expression {
            Expression::Literal(value) => {
                let text = String::from_utf8_lossy(&value.clone().into_text()).into_owned();
                if matches!(value, Value::String(_)) { format!("'{text}'") } else { text }
            }
            Expression::Holder(name) => name.clone(),
            Expression::Not(inner) => format!("!{}", shown(inner)),
            Expression::And(left, right) => format!("({} and {})", shown(left), shown(right)),
            Expression::Or(left, right) => format!("({} or {})", shown(left), shown(right)),
            Expression::Compare(comparison, left, right) => {
                format!("({} {} {})", shown(left), Token::Compare(*comparison).name(), shown(right))
            }
            Expression::Match(matching, left, _) => format!("({} {})", shown(left), Token::Match(*matching).name()),
        }
    }

    fn parsed(text: &str) -> Result<String, String> {
        parse(text.as_bytes()).map(|expression| shown(&expression)).map_err(|error| error.to_string())
    }

    #[test]
    fn operators_bind_as_in_util_linux() {
        for (text, tree) in [
            ("1", "1"),
            ("a or b and c", "((a or b) and c)"),
            ("a and b or c", "((a and b) or c)"),
            ("a and (b or c)", "(a and (b or c))"),
            ("3 > 2 > 1", "((3 GT 2) GT 1)"),
            ("3 > (2 > 1)", "(3 GT (2 GT 1))"),
            ("a == 1 and b == 2 or !c", "(((a EQ 1) and (b EQ 2)) or !c)"),
            ("! 2 == 3", "(!2 EQ 3)"),
            ("!!a && !(b)", "(!!a and !b)"),
            ("!(a == b)", "!(a EQ b)"),
            ("!X =~ 'r'", "(!X REG)"),
            ("X !~ ((' r ')) == 'y'", "((X NREG) EQ 'y')"),
            ("((a)) == ' b '", "(a EQ 'b')"),
        ] {
            assert_eq!(parsed(text).as_deref(), Ok(tree), "{text}");
        }
    }

    #[test]
    fn a_syntax_error_names_the_word() {
        for (text, message) in [
            (" ", "unexpected end of file"),
            ("!", "unexpected end of file"),
            ("1 ==", "unexpected end of file"),
            ("(1", "unexpected end of file"),
            ("&& 1", "unexpected AND"),
            ("1 == =~", "unexpected REG"),
            ("()", "unexpected ')'"),
            ("1 1", "unexpected NUMBER, expecting end of file"),
            ("1 1.5", "unexpected FLOAT, expecting end of file"),
            ("NUM == 1y0", "unexpected HOLDER, expecting end of file"),
            ("1 'x'", "unexpected STRING, expecting end of file"),
            ("1 true", "unexpected TRUE, expecting end of file"),
            ("1 ! 1", "unexpected NEG, expecting end of file"),
            ("1 (", "unexpected '(', expecting end of file"),
            ("NUM == 100)", "unexpected ')', expecting end of file"),
            ("1 16E", "unexpected INVALID_NUMBER, expecting end of file"),
            ("(1 2", "unexpected NUMBER"),
            ("(1 == 2 'x", "unexpected invalid token"),
            ("'x", "unexpected invalid token"),
            ("1 'x", "unexpected invalid token, expecting end of file"),
        ] {
            assert_eq!(parsed(text), Err(format!("syntax error, {message}")), "{text}");
        }
    }

    /// util-linux writes them to stdout and goes on (defect 21).
    #[test]
    fn defect_21_an_unknown_character_is_a_syntax_error() {
        for text in ["NS = 1", "1 === 1", "1;", "1 \u{e9}== 1", "1\r", "1.", "NUM ** 100", "1 & 1", "1 | 1"] {
            let message = parsed(text).unwrap_err();
            assert!(message.starts_with("syntax error, unexpected invalid token"), "{text}: {message}");
        }
        for text in ["-1", "=", ".5", "1 == -1", "'", "\"", "_NS", "(#"] {
            assert_eq!(parsed(text).unwrap_err(), "syntax error, unexpected invalid token", "{text}");
        }
    }

    #[test]
    fn what_is_complete_fails_before_the_next_word() {
        for (text, message) in [
            ("X =~ '('", "Unmatched ( or \\("),
            ("X =~ '(' )", "Unmatched ( or \\("),
            ("X =~ '(' && 16E", "Unmatched ( or \\("),
            ("X =~ '(' #", "Unmatched ( or \\("),
            ("X =~ ('(' 5", "syntax error, unexpected NUMBER"),
            ("16E 5", "\"16E\" token error: Numerical result out of range"),
            ("(1YiB", "\"1YiB\" token error: Numerical result out of range"),
        ] {
            assert_eq!(parsed(text).unwrap_err(), message, "{text}");
        }
    }

    #[test]
    fn a_pattern_is_a_string_literal() {
        for right in ["5", "0", "1.5", "true", "false", "X", "X )", "('a' == 'a')", "!'a'"] {
            assert_eq!(parse(format!("X =~ {right}").as_bytes()).err(), Some(NO_PATTERN), "{right}");
        }
    }

    #[test]
    fn a_text_has_a_length() {
        let padded = |length: usize| parsed(&format!("{:length$}", 1));
        assert_eq!(padded(1024).as_deref(), Ok("1"));
        assert_eq!(padded(1025).unwrap_err(), "(null)");
    }

    #[test]
    fn nodes_are_counted() {
        // 129 operands and 127 operators, then one `!` more.
        let all = |first: &str| parsed(&format!("{first}1{}", "&&1".repeat(127))).err();
        assert_eq!(all(""), None);
        assert_eq!(all("!"), None);
        assert_eq!(all("!!").as_deref(), Some("(null)"));
        assert_eq!(parsed(&format!("1{}", "==1".repeat(128))).unwrap_err(), "(null)");
        // The node that is too many is made before the word behind it is refused.
        assert_eq!(parsed(&format!("!!1{})", "&&1".repeat(127))).unwrap_err(), "(null)");
        assert_eq!(parsed(&format!("1{}", "&&(1)".repeat(127))).err(), None);
    }

    #[test]
    fn depth_is_limited() {
        let negated = |count: usize| parsed(&format!("{}1", "!".repeat(count))).err();
        assert_eq!(negated(253), None);
        assert_eq!(negated(254).as_deref(), Some("memory exhausted"));
        assert_eq!(negated(1000).as_deref(), Some("memory exhausted"));
        assert_eq!(parsed(&"!".repeat(254)).unwrap_err(), "syntax error, unexpected end of file");
        assert_eq!(parsed(&"!".repeat(255)).unwrap_err(), "memory exhausted");

        let nested = |count: usize| parsed(&format!("{}1{}", "(".repeat(count), ")".repeat(count))).err();
        assert_eq!(nested(252), None);
        assert_eq!(nested(253).as_deref(), Some("memory exhausted"));

        let right = |count: usize| parsed(&format!("{}1{}", "1&&(".repeat(count), ")".repeat(count))).err();
        assert_eq!(right(84), None);
        assert_eq!(right(85).as_deref(), Some("memory exhausted"));
    }

    /// A filter that is one or nearly.
    fn near_filter(random: &mut Random) -> Vec<u8> {
        const FILTERS: [&str; 8] = [
            "NS == 4026531840 && !(PID > 1K or COMMAND =~ '^a+$')",
            "! 2 == 3 and \"it's\" ne 'a\"b' || USE%",
            "1.5 le 010.50 && TIMERFD.INTERVAL lt 15EiB",
            "((a or b) and c) or !!d",
            "S !~ '(a|b)*c{1,9}[^x]' == true",
            "99999999999999999999 >= 16E",
            "' x ' == X == false",
            "a&&b||c&&d",
        ];
        let text = random.one(&FILTERS).as_bytes();
        random.changed(text)
    }

    #[test]
    fn any_filter_that_is_read_can_be_spelt_and_read_again() {
        for_any(near_filter, |text| {
            assert!(parse(text).is_ok() || text != b"S !~ '(a|b)*c{1,9}[^x]' == true");
            properties::of_filter(text);
        });
    }

    #[test]
    fn any_bytes_are_a_filter_or_refused() {
        for_any(
            |random| {
                let times = random.place(40);
                vec![near_filter(random); times].join(&b" && "[..])
            },
            |text| properties::of_filter(text),
        );
    }
}
