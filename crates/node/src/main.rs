//! `dolmen`: the whole store in one binary.

use clap::Parser;
use node::Slice;
use node::cli::{Cli, Command};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

#[global_allocator]
static HEAP: heap::Heap = heap::Heap;

fn main() -> ExitCode {
    heap::keep_pages();
    let command = Cli::parse().command;
    let num_workers = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4));
    let num_started = AtomicUsize::new(0);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(num_workers)
        // Workers come first. They answer, and leave what takes long to other threads.
        .on_thread_start(move || {
            if num_started.fetch_add(1, Ordering::Relaxed) < num_workers {
                Slice::Short.ask();
            }
        })
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("dolmen: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        match command {
            Command::Serve(options) => node::serve::run(options).await,
            Command::Quickstart(options) => node::quickstart::run(options).await,
            other => node::cli::run_client(other).await,
        }
    });
    // What still blocks a thread must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dolmen: {error}");
            ExitCode::FAILURE
        }
    }
}
