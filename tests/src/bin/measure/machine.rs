//! Where figures were taken.

use std::{
    fs::{self, File},
    io::Write as _,
    time::{Duration, Instant},
};

use crate::figures::Times;

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn value(text: &str, key: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    line.split_once(':').map_or("unknown", |(_, value)| value.trim()).to_owned()
}

/// Processor, memory, system, disk.
pub(crate) fn describe() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let folder = std::env::temp_dir();
    let mounts = read("/proc/mounts");
    let disk = mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (device, place, kind) = (words.next()?, words.next()?, words.next()?);
            folder.starts_with(place).then(|| (place.len(), format!("{device} {kind}")))
        })
        .max();
    println!(
        "{} cores of {}, {} memory, Linux {}, {} on {}, load {}",
        cores,
        value(&read("/proc/cpuinfo"), "model name"),
        value(&read("/proc/meminfo"), "MemTotal"),
        read("/proc/sys/kernel/osrelease").trim(),
        folder.display(),
        disk.map_or_else(|| "unknown".to_owned(), |(_, disk)| disk),
        load(),
    );
}

fn load() -> String {
    read("/proc/loadavg").split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// What one durable append of 4 KiB costs here and now: half a second of them.
pub(crate) fn probe() {
    let mut file = tempfile::tempfile().unwrap();
    let mut times = Times::default();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(500) {
        times.add(append(&mut file));
    }
    println!("  fdatasync of 4 KiB: {}; load {}", times.sum_up(), load());
}

fn append(file: &mut File) -> Duration {
    let begun = Instant::now();
    file.write_all(&[7; 4_096]).unwrap();
    file.sync_data().unwrap();
    begun.elapsed()
}

/// What a process occupies, in KiB.
pub(crate) fn resident(pid: u32) -> u64 {
    let status = read(&format!("/proc/{pid}/status"));
    value(&status, "VmRSS").split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0)
}
