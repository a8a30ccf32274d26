//! Instructions of kernels and queries, which no noise touches: `guard [--renew] [--only NAME,NAME]` counts them under
//! valgrind and fails where one needs over 3% more than `benches/guard/counts.json` says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use benches::Result;
use benches::guard::{Rows, cases};
use serde::{Deserialize, Serialize};

#[global_allocator]
static HEAP: heap::Heap = heap::Heap;

/// Parts of a hundred by which a count may grow.
const TOLERANCE: f64 = 3.0;

type Counts = BTreeMap<String, u64>;

/// What a build is held to.
#[derive(Default, Serialize, Deserialize)]
struct Known {
    /// The compiler of the counts; those of another are shown and not judged.
    rustc: String,
    counts: Counts,
}

fn main() -> Result<ExitCode> {
    heap::keep_pages();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", directory, case] => run(Path::new(directory), case).map(|()| ExitCode::SUCCESS),
        [] | ["--only", _] => check(false),
        ["--renew"] => check(true),
        _ => Err("guard [--renew] [--only NAME,NAME]".into()),
    }
}

/// What is counted: this function and all that it calls.
#[unsafe(no_mangle)]
#[inline(never)]
fn guard_measured(work: &mut dyn FnMut() -> Result<usize>) -> Result<usize> {
    work()
}

fn run(directory: &Path, name: &str) -> Result<()> {
    let rows = Rows::open(directory)?;
    let case = cases()?.into_iter().find(|case| case.name == name).ok_or("no such case")?;
    let mut work = case.prepare(&rows)?;
    work()?;
    let size = guard_measured(&mut work)?;
    if size == 0 {
        return Err(format!("{name} answers nothing").into());
    }
    Ok(())
}

fn check(renews: bool) -> Result<ExitCode> {
    if !cfg!(target_arch = "x86_64")
        || Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err()
    {
        println!("guard: skipped, it needs valgrind on x86-64");
        return Ok(ExitCode::SUCCESS);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("guard/counts.json");
    let known: Known = match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(_) => Known::default(),
    };
    let now = Known { rustc: compiler()?, counts: count_all()? };
    let num_grown = report(&known.counts, &now.counts);
    if renews {
        fs::write(&path, serde_json::to_string_pretty(&now)? + "\n")?;
    } else if now.rustc != known.rustc {
        println!("\nnot judged: the known counts are of {}, this is {}", known.rustc, now.rustc);
    } else if num_grown > 0 {
        println!("\n{num_grown} cost more than before; what is meant to: `--renew`, and say why in the commit");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn compiler() -> Result<String> {
    let output = Command::new("rustc").arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn count_all() -> Result<Counts> {
    let only = benches::option("--only", "");
    let only: Vec<&str> = only.split(',').filter(|name| !name.is_empty()).collect();
    let directory = tempfile::tempdir()?;
    Rows::write(directory.path())?;
    let chosen = cases()?.into_iter().filter(|case| only.is_empty() || only.contains(&case.name.as_str()));
    chosen.map(|case| count(directory.path(), &case.name).map(|count| (case.name, count))).collect()
}

/// Instructions of one case.
fn count(directory: &Path, name: &str) -> Result<u64> {
    let out: PathBuf = directory.join("callgrind.out");
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=guard_measured", "-q"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args(["run".as_ref(), directory.as_os_str(), name.as_ref()])
        .status()?;
    if !status.success() {
        return Err(format!("{name} fails under valgrind: {status}").into());
    }
    let profile = fs::read_to_string(&out)?;
    let total = profile.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    let total = total.and_then(|total| total.split(' ').next()).ok_or("a profile without a total")?;
    Ok(total.parse()?)
}

/// Prints each count beside the known one, and answers how many have grown too much.
fn report(known: &Counts, counts: &Counts) -> usize {
    println!("| case | instructions | known | change |\n|---|---:|---:|---:|");
    let mut num_grown = 0;
    for (name, count) in counts {
        let Some(before) = known.get(name) else {
            println!("| {name} | {count} | - | new |");
            num_grown += 1;
            continue;
        };
        let change = (*count as f64 / *before as f64 - 1.0) * 100.0;
        let has_grown = change > TOLERANCE;
        num_grown += usize::from(has_grown);
        println!("| {name} | {count} | {before} | {change:+.1}%{} |", if has_grown { " too much" } else { "" });
    }
    num_grown
}
