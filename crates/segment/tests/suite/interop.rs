//! Golden segments as pyarrow and DuckDB read them.

use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Past the capture of a test's output, so that what was skipped is seen.
fn tell(bytes: &[u8]) {
    std::io::stderr().write_all(bytes).unwrap();
}

#[test]
fn strangers_read_golden_segments() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop.py");
    match Command::new("python3").arg(&script).output() {
        Ok(output) => {
            tell(&output.stdout);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        Err(error) => tell(format!("interop: 0 passed, 2 skipped: python3: {error}\n").as_bytes()),
    }
}
