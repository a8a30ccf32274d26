//! How much memory the process may use: its control group's limit, or the machine's.

use std::path::Path;

/// Where a process without either learns nothing.
const FALLBACK_BYTES: u64 = 4 << 30;

/// Bytes of the machine or of the control group, whichever is less.
pub fn detect_bytes() -> u64 {
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| read(path)?.trim().parse::<u64>().ok());
    let machine = read("/proc/meminfo").and_then(|text| total_of(&text)).or_else(physical);
    match (group, machine) {
        (Some(group), Some(machine)) => group.min(machine),
        (one, other) => one.or(other).unwrap_or(FALLBACK_BYTES),
    }
}

/// Bytes that the process occupies now, where the system tells.
pub fn resident_bytes() -> Option<u64> {
    let text = read("/proc/self/status")?;
    kilobytes(&text, "VmRSS:")
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn total_of(meminfo: &str) -> Option<u64> {
    kilobytes(meminfo, "MemTotal:")
}

fn kilobytes(text: &str, label: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kb| kb * 1024)
}

fn physical() -> Option<u64> {
    // SAFETY: sysconf only reads its argument.
    let (pages, size) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    Some(u64::try_from(pages).ok()? * u64::try_from(size).ok()?).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_in_kilobytes() {
        assert_eq!(total_of("MemTotal:       2048 kB\nMemFree: 1 kB\n"), Some(2 << 20));
        assert_eq!(total_of("nothing"), None);
    }

    #[test]
    fn some_memory_is_found() {
        assert!(detect_bytes() > 1 << 20);
    }
}
