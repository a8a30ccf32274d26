//! User and password out of Java's login syntax:
//! `some.LoginModule required username="u" password="p";`

use super::Secret;

#[derive(Debug)]
pub(super) struct Login {
    pub(super) username: String,
    pub(super) password: Secret,
}

const MODULES: &[&str] = &[
    "org.apache.kafka.common.security.plain.PlainLoginModule",
    "org.apache.kafka.common.security.scram.ScramLoginModule",
];

/// Reads the one login module of `text`. Errors never repeat any part of it but the module's name.
pub(super) fn parse(text: &str) -> Result<Login, String> {
    let tokens = tokens(text)?;
    let mut words = tokens.iter().map(String::as_str);
    let module = words.next().unwrap_or_default();
    if !MODULES.contains(&module) {
        return Err("only PlainLoginModule and ScramLoginModule are supported".to_owned());
    }
    if !matches!(words.next(), Some("required" | "requisite" | "sufficient" | "optional")) {
        return Err("a control flag such as [required] must follow the login module".to_owned());
    }
    let (mut username, mut password) = (None, None);
    loop {
        match words.next() {
            Some(";") | None => break,
            Some(key) => {
                let (Some("="), Some(value)) = (words.next(), words.next()) else {
                    return Err("options must have the form name=\"value\"".to_owned());
                };
                match key {
                    "username" => username = Some(value.to_owned()),
                    "password" => password = Some(Secret::new(value.to_owned())),
                    _ => return Err("only the options username and password are supported".to_owned()),
                }
            }
        }
    }
    match (username, password) {
        (Some(username), Some(password)) => Ok(Login { username, password }),
        _ => Err("username and password are both needed".to_owned()),
    }
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&next) = chars.peek() {
        match next {
            c if c.is_whitespace() => drop(chars.next()),
            '=' | ';' => tokens.extend(chars.next().map(String::from)),
            '"' | '\'' => {
                chars.next();
                tokens.push(quoted(&mut chars, next)?);
            }
            _ => {
                let mut word = String::new();
                while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !matches!(c, '=' | ';' | '"' | '\'')) {
                    word.push(c);
                }
                tokens.push(word);
            }
        }
    }
    Ok(tokens)
}

fn quoted(chars: &mut impl Iterator<Item = char>, quote: char) -> Result<String, String> {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return Ok(text),
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    Err("a quote is not closed".to_owned())
}
