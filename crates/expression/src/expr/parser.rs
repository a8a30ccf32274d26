//! The grammar. From tight to loose: unary, `^` (to the right), `* / %`, `+ -`, comparisons, then `&&` and `||`
//! on one level; all but `^` to the left.

use super::lexer::{Lexeme, Token, lex};
use super::scalar::{Kind, Scalar};
use crate::{Error, Result};

/// Deepest nesting.
const MAX_DEPTH: usize = 100;
/// Most operators of one level in a row: each nests what is before it.
const MAX_CHAIN: usize = 250;
/// Longest text of an expression, in bytes.
const MAX_LENGTH: usize = 4 << 20;

/// An expression as written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ast {
    Literal(Scalar<'static>),
    Identifier(String),
    Unary(&'static str, Box<Ast>),
    Binary(&'static str, Box<Ast>, Box<Ast>),
    /// A chain of one of `&&` and `||`.
    Logic(&'static str, Vec<Ast>),
    Call(String, Vec<Ast>),
    Lambda(Vec<String>, Box<Ast>),
}

pub(crate) fn parse(text: &str) -> Result<Ast> {
    if text.len() > MAX_LENGTH {
        return Err(Error::limit(format!("an expression may have {MAX_LENGTH} bytes, this one has {}", text.len())));
    }
    let mut parser = Parser { text, tokens: lex(text)?, next: 0, depth: 0 };
    let ast = parser.expression()?;
    match parser.peek() {
        None => Ok(ast),
        Some(_) => Err(parser.error("expected the end or an operator")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Lexeme>,
    next: usize,
    depth: usize,
}

const LEVELS: &[&[&str]] = &[&["<", "<=", ">", ">=", "==", "!="], &["+", "-"], &["*", "/", "%"]];

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|lexeme| &lexeme.token)
    }

    fn advance(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.next += 1;
        token
    }

    fn eat(&mut self, mark: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Mark(m)) if *m == mark);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, mark: &str) -> Result<()> {
        if self.eat(mark) { Ok(()) } else { Err(self.error(&format!("expected '{mark}'"))) }
    }

    fn operator(&mut self, of: &[&'static str]) -> Option<&'static str> {
        let found = match self.peek() {
            Some(Token::Mark(mark)) => of.iter().find(|o| *o == mark).copied(),
            _ => None,
        };
        self.next += usize::from(found.is_some());
        found
    }

    fn error(&self, reason: &str) -> Error {
        let at = self.tokens.get(self.next).map_or(self.text.len(), |lexeme| lexeme.at);
        Error::Syntax { text: shorten(self.text), at, reason: reason.to_string() }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::limit(format!("an expression may be nested {MAX_DEPTH} deep")));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn expression(&mut self) -> Result<Ast> {
        self.deeper(Self::logic)
    }

    fn logic(&mut self) -> Result<Ast> {
        let mut left = self.binary(0)?;
        let mut chain = 0;
        while let Some(op) = self.operator(&["&&", "||"]) {
            let right = self.binary(0)?;
            left = match left {
                Ast::Logic(same, mut parts) if same == op && chain > 0 => {
                    parts.push(right);
                    Ast::Logic(op, parts)
                }
                other => {
                    chain += 1;
                    Ast::Logic(op, vec![other, right])
                }
            };
            self.check_chain(chain)?;
        }
        Ok(left)
    }

    fn binary(&mut self, level: usize) -> Result<Ast> {
        let Some(operators) = LEVELS.get(level) else { return self.power() };
        let mut left = self.binary(level + 1)?;
        let mut chain = 0;
        while let Some(op) = self.operator(operators) {
            chain += 1;
            self.check_chain(chain)?;
            left = Ast::Binary(op, Box::new(left), Box::new(self.binary(level + 1)?));
        }
        Ok(left)
    }

    fn check_chain(&self, chain: usize) -> Result<()> {
        if chain > MAX_CHAIN {
            return Err(Error::limit(format!("an expression may have {MAX_CHAIN} operators in a row")));
        }
        Ok(())
    }

    fn power(&mut self) -> Result<Ast> {
        let base = self.unary()?;
        if self.eat("^") {
            let exponent = self.deeper(Self::power)?;
            return Ok(Ast::Binary("^", Box::new(base), Box::new(exponent)));
        }
        Ok(base)
    }

    fn unary(&mut self) -> Result<Ast> {
        match self.operator(&["-", "!"]) {
            Some("-") => match self.peek() {
                Some(Token::Long(digits)) => {
                    let value = self.long(&format!("-{digits}"))?;
                    self.next += 1;
                    Ok(Ast::Literal(Scalar::Long(value)))
                }
                Some(Token::Double(value)) => {
                    let value = -*value;
                    self.next += 1;
                    Ok(Ast::Literal(Scalar::Double(value)))
                }
                _ => Ok(Ast::Unary("-", Box::new(self.deeper(Self::unary)?))),
            },
            Some(op) => Ok(Ast::Unary(op, Box::new(self.deeper(Self::unary)?))),
            None => self.primary(),
        }
    }

    fn long(&self, digits: &str) -> Result<i64> {
        digits.parse().map_err(|_| self.error("a number that is no long"))
    }

    fn primary(&mut self) -> Result<Ast> {
        if let Some(lambda) = self.lambda()? {
            return Ok(lambda);
        }
        let start = self.next;
        match self.advance() {
            Some(Token::Text(text)) => Ok(Ast::Literal(Scalar::text(text))),
            Some(Token::Double(value)) => Ok(Ast::Literal(Scalar::Double(value))),
            Some(Token::Long(digits)) => self.long(&digits).map(|value| Ast::Literal(Scalar::Long(value))),
            Some(Token::Mark("(")) => {
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            Some(Token::Mark("[")) => self.array(None),
            Some(Token::Mark("<")) => self.typed_array(),
            Some(Token::Identifier(word)) => self.word(word),
            Some(Token::Quoted(name)) => Ok(Ast::Identifier(name)),
            _ => {
                self.next = start;
                Err(self.error("expected a value"))
            }
        }
    }

    fn word(&mut self, word: String) -> Result<Ast> {
        if self.eat("(") {
            return Ok(Ast::Call(word, self.arguments()?));
        }
        if word.eq_ignore_ascii_case("array") && matches!(self.peek(), Some(Token::Mark("<"))) {
            self.next += 1;
            return self.typed_array();
        }
        match word.as_str() {
            "null" => Ok(Ast::Literal(Scalar::Null)),
            _ => Ok(Ast::Identifier(word)),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Ast>> {
        let mut args = Vec::new();
        if self.eat(")") {
            return Ok(args);
        }
        loop {
            args.push(self.expression()?);
            if self.eat(")") {
                return Ok(args);
            }
            self.expect(",")?;
        }
    }

    /// `x -> ..` or `(x, y) -> ..`, if that is what comes next.
    fn lambda(&mut self) -> Result<Option<Ast>> {
        let start = self.next;
        let parameters = match self.parameters() {
            Some(parameters) if self.eat("->") => parameters,
            _ => {
                self.next = start;
                return Ok(None);
            }
        };
        let body = self.expression()?;
        Ok(Some(Ast::Lambda(parameters, Box::new(body))))
    }

    fn parameters(&mut self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        let many = self.eat("(");
        if many && self.eat(")") {
            return Some(names);
        }
        loop {
            match self.advance() {
                Some(Token::Identifier(name) | Token::Quoted(name)) => names.push(name),
                _ => return None,
            }
            if !many || self.eat(")") {
                return Some(names);
            }
            if !self.eat(",") {
                return None;
            }
        }
    }

    /// After `<`: the type of the elements, `>` and the array.
    fn typed_array(&mut self) -> Result<Ast> {
        let kind = match self.advance() {
            Some(Token::Identifier(name)) => super::cast::scalar_kind(&name),
            _ => None,
        };
        let Some(kind) = kind else { return Err(self.error("expected LONG, DOUBLE or STRING")) };
        self.expect(">")?;
        self.expect("[")?;
        self.array(Some(kind))
    }

    /// After `[`: literals up to `]`.
    fn array(&mut self, kind: Option<Kind>) -> Result<Ast> {
        let mut items = Vec::new();
        while !self.eat("]") {
            if !items.is_empty() {
                self.expect(",")?;
            }
            match self.unary()? {
                Ast::Literal(item @ (Scalar::Null | Scalar::Long(_) | Scalar::Double(_) | Scalar::Text(_))) => {
                    items.push(item);
                }
                _ => return Err(self.error("expected a literal in an array")),
            }
        }
        Ok(Ast::Literal(match kind {
            Some(kind) => Scalar::array_of(kind, items),
            None => Scalar::array(items, Kind::Text),
        }))
    }
}

/// The beginning of a long text.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}
