//! The text of an expression as tokens.

use crate::{Error, Result};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Identifier(String),
    /// A double-quoted identifier is never a keyword.
    Quoted(String),
    Text(String),
    /// Digits; whether they fit is decided where the sign is known.
    Long(String),
    Double(f64),
    /// An operator or a mark.
    Mark(&'static str),
}

/// A token and the byte at which it starts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lexeme {
    pub at: usize,
    pub token: Token,
}

/// Longest first, so that `<=` is not read as `<`.
const MARKS: &[&str] =
    &["->", "<=", ">=", "==", "!=", "&&", "||", "<", ">", "!", "^", "*", "/", "%", "+", "-", "(", ")", "[", "]", ","];

pub(crate) fn lex(text: &str) -> Result<Vec<Lexeme>> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(lexeme) = lexer.next()? {
        tokens.push(lexeme);
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Result<Option<Lexeme>> {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\r', '\n']).len();
        let at = self.at;
        let Some(first) = self.rest().chars().next() else { return Ok(None) };
        let token = match first {
            '\'' => Token::Text(self.quoted('\'')?),
            '"' => Token::Quoted(self.quoted('"')?),
            '0'..='9' => self.number(),
            'A'..='Z' | 'a'..='z' | '_' | '$' => self.word(),
            _ => self.mark()?,
        };
        Ok(Some(Lexeme { at, token }))
    }

    fn mark(&mut self) -> Result<Token> {
        match MARKS.iter().find(|mark| self.rest().starts_with(**mark)) {
            Some(mark) => {
                self.at += mark.len();
                Ok(Token::Mark(mark))
            }
            None => Err(self.error("unexpected character")),
        }
    }

    fn word(&mut self) -> Token {
        let end = self.rest().find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$'));
        let word = self.rest()[..end.unwrap_or(self.rest().len())].to_string();
        self.at += word.len();
        match word.as_str() {
            "NaN" => Token::Double(f64::NAN),
            "Infinity" => Token::Double(f64::INFINITY),
            _ => Token::Identifier(word),
        }
    }

    /// Digits, then perhaps a point with or without digits, then perhaps an exponent.
    fn number(&mut self) -> Token {
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let whole = digits(0);
        let mut end = whole;
        if bytes.get(end) == Some(&b'.') {
            end += 1 + digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
        let text = self.rest()[..end].to_string();
        self.at += end;
        if end == whole { Token::Long(text) } else { Token::Double(text.parse().unwrap_or(f64::NAN)) }
    }

    fn quoted(&mut self, quote: char) -> Result<String> {
        let start = self.at;
        let mut units: Vec<u16> = Vec::new();
        let mut chars = self.text[start + 1..].char_indices();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.at = start + 1 + at + 1;
                return String::from_utf16(&units).map_err(|_| self.error_at(start, "half of a surrogate pair"));
            }
            let unit = if c == '\\' { escape(&mut chars) } else { Some(Unit::Char(c)) };
            match unit {
                Some(Unit::Char(c)) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
                Some(Unit::Code(code)) => units.push(code),
                None => return Err(self.error_at(start + 1 + at, "bad escape")),
            }
        }
        Err(self.error_at(start, "quote without end"))
    }

    fn error(&self, reason: &str) -> Error {
        self.error_at(self.at, reason)
    }

    fn error_at(&self, at: usize, reason: &str) -> Error {
        Error::Syntax { text: self.text.to_string(), at, reason: reason.to_string() }
    }
}

enum Unit {
    Char(char),
    Code(u16),
}

fn escape(chars: &mut std::str::CharIndices<'_>) -> Option<Unit> {
    let c = match chars.next()?.1 {
        c @ ('\'' | '"' | '\\' | '/') => c,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let mut code = 0u32;
            for _ in 0..4 {
                code = code * 16 + chars.next()?.1.to_digit(16)?;
            }
            return u16::try_from(code).ok().map(Unit::Code);
        }
        _ => return None,
    };
    Some(Unit::Char(c))
}
