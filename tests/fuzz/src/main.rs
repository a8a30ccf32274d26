//! The coverage-guided loop over the target that `DOLMEN_FUZZ_TARGET` names. `run.sh` builds it as it must be built.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static CHOSEN: std::sync::LazyLock<&'static fuzz::Target> = std::sync::LazyLock::new(|| {
        let name = std::env::var("DOLMEN_FUZZ_TARGET").unwrap_or_default();
        fuzz::named(&name).unwrap_or_else(|| panic!("DOLMEN_FUZZ_TARGET [{name}] is not a target"))
    });
    (CHOSEN.run)(data);
});

#[cfg(not(fuzzing))]
fn main() {
    let names: Vec<&str> = fuzz::TARGETS.iter().map(|target| target.name).collect();
    eprintln!("tests/fuzz/run.sh TARGET [SECONDS] builds and runs a target: {}", names.join(", "));
    std::process::exit(2);
}
