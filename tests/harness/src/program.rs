//! Programs of others that a test runs to their end, or to a deadline.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How a program ended, and all it said to either stream, in order.
pub struct Told {
    pub status: ExitStatus,
    pub text: String,
}

/// Runs a program for at most `limit`; then it is killed with everything that it started, and what it said so far is
/// the error. What it says goes to a file: a pipe stays open as long as any process that inherited it lives, and
/// who reads to its end waits for that one too.
pub fn run_within(limit: Duration, command: &mut Command) -> Result<Told, String> {
    let name = command.get_program().to_os_string();
    let mut said = tempfile::tempfile().expect("a file");
    let (out, err) = (said.try_clone().expect("a handle"), said.try_clone().expect("a handle"));
    command.stdin(Stdio::null()).stdout(out).stderr(err).process_group(0);
    let mut child = command.spawn().map_err(|error| format!("{name:?}: {error}"))?;
    let status = wait_within(limit, &mut child);
    let mut text = Vec::new();
    std::io::Seek::rewind(&mut said).and_then(|()| said.read_to_end(&mut text)).expect("the file is read");
    let text = String::from_utf8_lossy(&text).into_owned();
    match status {
        Some(status) => Ok(Told { status, text }),
        None => Err(format!("{name:?} did not end within {limit:?}; it said: {text}")),
    }
}

/// None where it had to be killed.
fn wait_within(limit: Duration, child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return Some(status);
        }
        if start.elapsed() > limit {
            let group = libc::pid_t::try_from(child.id()).expect("a process id");
            // SAFETY: a signal to the group that was made for this child touches no memory of ours.
            unsafe { libc::kill(-group, libc::SIGKILL) };
            child.wait().expect("a child");
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_it_leaves_behind_holds_nobody_up() {
        let told = run_within(Duration::from_secs(60), &mut shell("sleep 60 & echo out; echo err >&2; exit 3"))
            .expect("it ended");
        assert_eq!((told.status.code(), told.text.as_str()), (Some(3), "out\nerr\n"));
    }

    #[test]
    fn a_deadline_ends_it_and_what_it_started() {
        let words =
            run_within(Duration::from_millis(200), &mut shell("echo begun; sleep 60 & wait")).err().expect("too long");
        assert!(words.contains("did not end within 200ms; it said: begun"), "{words}");
    }
}
