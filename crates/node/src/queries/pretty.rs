//! Indents JSON while it streams by.

/// What was seen of the text so far.
#[derive(Debug, Default)]
pub struct Indenter {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// An opening bracket waits for what follows it.
    opened: bool,
}

impl Indenter {
    /// Appends `text`, which goes on where the last call ended, with line breaks and indentation.
    pub fn write(&mut self, text: &[u8], out: &mut Vec<u8>) {
        for &byte in text {
            if self.in_string {
                out.push(byte);
                self.inside_string(byte);
                continue;
            }
            match byte {
                b' ' | b'\n' | b'\r' | b'\t' => {}
                b'}' | b']' => self.close(byte, out),
                _ => {
                    if std::mem::take(&mut self.opened) {
                        self.depth += 1;
                        self.new_line(out);
                    }
                    self.plain(byte, out);
                }
            }
        }
    }

    fn inside_string(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
    }

    fn close(&mut self, byte: u8, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.opened) {
            self.depth = self.depth.saturating_sub(1);
            self.new_line(out);
        }
        out.push(byte);
    }

    fn plain(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                self.opened = true;
            }
            b',' => {
                out.push(byte);
                self.new_line(out);
            }
            b':' => out.extend_from_slice(b" : "),
            _ => {
                self.in_string = byte == b'"';
                out.push(byte);
            }
        }
    }

    fn new_line(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
        out.resize(out.len() + 2 * self.depth, b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_means_the_same_however_it_is_cut() {
        let text = r#"[{"a":[],"b":{},"c":"x:\"{,}\\","d":[1,2.5,null]},"y"]"#;
        for cut in 0..text.len() {
            let (mut indenter, mut out) = (Indenter::default(), Vec::new());
            indenter.write(&text.as_bytes()[..cut], &mut out);
            indenter.write(&text.as_bytes()[cut..], &mut out);
            let read: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
            assert_eq!(read, serde_json::from_str::<serde_json::Value>(text).expect("JSON"));
        }
    }

    #[test]
    fn it_indents() {
        let mut out = Vec::new();
        Indenter::default().write(br#"[{"a":1}]"#, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), "[\n  {\n    \"a\" : 1\n  }\n]");
    }
}
