//! Regular expressions as Java writes them, run by an engine whose time is linear in the text. Look-around,
//! back-references, possessive quantifiers and atomic groups cannot be had there and are refused.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

use crate::{Error, Result};

/// Longest pattern, in bytes.
const MAX_PATTERN: usize = 64 << 10;
/// Memory that a compiled pattern may take, in bytes.
const MAX_COMPILED: usize = 16 << 20;

const ANY_BUT_LINE_END: &str = r"[^\n\r\x{85}\x{2028}\x{2029}]";

/// Compiles a pattern to be found anywhere in a text.
pub fn find(pattern: &str) -> Result<Regex> {
    compile(pattern, &translate(pattern)?)
}

/// Compiles a pattern that must match a whole text.
pub fn whole(pattern: &str) -> Result<Regex> {
    compile(pattern, &format!(r"\A(?:{})\z", translate(pattern)?))
}

/// Compiles a SQL LIKE pattern: `%` any run, `_` one character, the escape takes the next character as it is.
pub fn like(pattern: &str, escape: Option<char>) -> Result<Regex> {
    let mut text = String::from(r"(?s)\A");
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            _ if Some(c) == escape => {
                if let Some(next) = chars.next() {
                    text.push_str(&regex::escape(next.encode_utf8(&mut [0; 4])));
                }
            }
            '%' => text.push_str(".*"),
            '_' => text.push('.'),
            c => text.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    text.push_str(r"\z");
    compile(pattern, &text)
}

fn compile(pattern: &str, translated: &str) -> Result<Regex> {
    if pattern.len() > MAX_PATTERN {
        return Err(Error::limit(format!("a pattern may have {MAX_PATTERN} bytes, this one has {}", pattern.len())));
    }
    RegexBuilder::new(translated).size_limit(MAX_COMPILED).nest_limit(200).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => Error::limit(format!("pattern '{}' is too large", shorten(pattern))),
        other => Error::invalid(format!("bad pattern '{}': {}", shorten(pattern), last_line(&other.to_string()))),
    })
}

fn shorten(pattern: &str) -> &str {
    pattern.char_indices().nth(100).map_or(pattern, |(end, _)| &pattern[..end])
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default().trim_start_matches("error: ")
}

/// A replacement in Java's form (`$1`, `${name}`, `\$`) as this engine's.
pub fn replacement(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('$') => out.push_str("$$"),
                Some(other) => out.push(other),
                None => {}
            },
            '$' => {
                let mut digits = String::new();
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    digits.push(digit);
                }
                match digits.is_empty() {
                    true => out.push('$'),
                    false => out.push_str(&format!("${{{digits}}}")),
                }
            }
            c => out.push(c),
        }
    }
    out
}

fn translate(pattern: &str) -> Result<String> {
    let mut translation = Translation {
        pattern,
        chars: pattern.chars().peekable(),
        out: String::with_capacity(pattern.len() + 16),
        dot_matches_all: pattern.contains("(?s"),
        classes: 0,
    };
    translation.run()?;
    Ok(translation.out)
}

struct Translation<'a> {
    pattern: &'a str,
    chars: Peekable<Chars<'a>>,
    out: String,
    dot_matches_all: bool,
    /// How many character classes are open.
    classes: usize,
}

impl Translation<'_> {
    fn run(&mut self) -> Result<()> {
        while let Some(c) = self.chars.next() {
            match c {
                '\\' => self.escape()?,
                '[' => {
                    self.classes += 1;
                    self.out.push('[');
                    if self.chars.next_if_eq(&'^').is_some() {
                        self.out.push('^');
                    }
                }
                ']' if self.classes > 0 => {
                    self.classes -= 1;
                    self.out.push(']');
                }
                '.' if self.classes == 0 && !self.dot_matches_all => self.out.push_str(ANY_BUT_LINE_END),
                '(' if self.classes == 0 => self.group()?,
                '*' | '+' | '?' | '}' if self.classes == 0 => self.quantifier(c)?,
                '-' | '~' if self.classes > 0 && self.chars.peek() == Some(&c) => {
                    // A doubled mark is an operator on classes here and plain text in Java.
                    self.out.push('\\');
                    self.out.push(c);
                }
                c => self.out.push(c),
            }
        }
        Ok(())
    }

    fn group(&mut self) -> Result<()> {
        self.out.push('(');
        if self.chars.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        self.out.push('?');
        match self.chars.peek() {
            Some('=' | '!') => Err(self.unsupported("look-ahead")),
            Some('>') => Err(self.unsupported("an atomic group")),
            Some('<') => {
                self.chars.next();
                if matches!(self.chars.peek(), Some('=' | '!')) {
                    return Err(self.unsupported("look-behind"));
                }
                self.out.push('<');
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn quantifier(&mut self, c: char) -> Result<()> {
        self.out.push(c);
        if self.chars.next_if_eq(&'?').is_some() {
            self.out.push('?');
        }
        match self.chars.peek() {
            Some('+') => Err(self.unsupported("a possessive quantifier")),
            _ => Ok(()),
        }
    }

    fn escape(&mut self) -> Result<()> {
        let Some(c) = self.chars.next() else {
            return Err(Error::invalid(format!("bad pattern '{}': ends in a backslash", shorten(self.pattern))));
        };
        let text = match c {
            'd' => "[0-9]",
            'D' => "[^0-9]",
            'w' => "[0-9A-Za-z_]",
            'W' => "[^0-9A-Za-z_]",
            's' => r"[ \t\n\x0B\f\r]",
            'S' => r"[^ \t\n\x0B\f\r]",
            'h' => r"[ \t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]",
            'e' => r"\x1B",
            'R' => r"(?:\r\n|[\n\x0B\f\r\x{85}\x{2028}\x{2029}])",
            'Z' => r"\z",
            '1'..='9' => return Err(self.unsupported("a back-reference")),
            'k' => return Err(self.unsupported("a back-reference")),
            'G' | 'X' => return Err(self.unsupported("this escape")),
            'Q' => return self.quoted(),
            'p' | 'P' => return self.property(c),
            '0' => return self.octal(),
            c if c.is_ascii_punctuation() => {
                self.out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
                if self.out.ends_with(c) && !self.out.ends_with(&format!("\\{c}")) && "-&~#".contains(c) {
                    self.out.pop();
                    self.out.push('\\');
                    self.out.push(c);
                }
                return Ok(());
            }
            c => {
                self.out.push('\\');
                self.out.push(c);
                return Ok(());
            }
        };
        self.out.push_str(text);
        Ok(())
    }

    /// Between `\Q` and `\E` everything is plain text.
    fn quoted(&mut self) -> Result<()> {
        let mut plain = String::new();
        while let Some(c) = self.chars.next() {
            if c == '\\' && self.chars.peek() == Some(&'E') {
                self.chars.next();
                break;
            }
            plain.push(c);
        }
        self.out.push_str(&regex::escape(&plain));
        Ok(())
    }

    fn octal(&mut self) -> Result<()> {
        let mut code = 0;
        while let Some(digit) = self.chars.next_if(|c| ('0'..='7').contains(c)) {
            code = code * 8 + digit.to_digit(8).unwrap_or_default();
            if code > 0o37 {
                break;
            }
        }
        self.out.push_str(&format!("\\x{{{code:X}}}"));
        Ok(())
    }

    /// Java's names of POSIX classes mean ASCII; the Unicode ones are known to both.
    fn property(&mut self, c: char) -> Result<()> {
        if self.chars.next_if_eq(&'{').is_none() {
            self.out.push('\\');
            self.out.push(c);
            return Ok(());
        }
        let name: String = self.chars.by_ref().take_while(|c| *c != '}').collect();
        let negated = c == 'P';
        let posix = match name.as_str() {
            "Lower" => "lower",
            "Upper" => "upper",
            "ASCII" => "ascii",
            "Alpha" => "alpha",
            "Digit" => "digit",
            "Alnum" => "alnum",
            "Punct" => "punct",
            "Graph" => "graph",
            "Print" => "print",
            "Blank" => "blank",
            "Cntrl" => "cntrl",
            "XDigit" => "xdigit",
            "Space" => "space",
            name => {
                let name = name.strip_prefix("Is").unwrap_or(name);
                self.out.push_str(&format!("\\{c}{{{name}}}"));
                return Ok(());
            }
        };
        self.out.push_str(&format!("[[:{}{posix}:]]", if negated { "^" } else { "" }));
        Ok(())
    }

    fn unsupported(&self, what: &str) -> Error {
        Error::unsupported(format!("pattern '{}': {what} is not supported", shorten(self.pattern)))
    }
}
