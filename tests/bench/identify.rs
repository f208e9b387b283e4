//! Lines per second of `phonebox identify` on one core: the recorded requests over and over, through the door a person uses.
//!
//! `cargo run --release --example identify_bench [SECONDS]`

use std::io::BufReader;
use std::time::{Duration, Instant};

const CASES: &str = include_str!("../fixtures/identification/cases.jsonl");

fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(5);
    let block: String = CASES.lines().map(evidence).collect::<String>().repeat(4);
    let lines = block.lines().count();
    let mut best = Duration::MAX;
    let mut output = Vec::new();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(seconds) {
        output.clear();
        let round = Instant::now();
        phonebox::cli::identify::run(BufReader::with_capacity(65_536, block.as_bytes()), &mut output).unwrap();
        best = best.min(round.elapsed());
        assert_eq!(output.iter().filter(|byte| **byte == b'\n').count(), lines);
    }
    println!("{:.0} lines/s (best of rounds of {lines} lines)", lines as f64 / best.as_secs_f64());
}

/// A case without what it expects.
fn evidence(case: &str) -> String {
    let mut case: serde_json::Value = serde_json::from_str(case).unwrap();
    if let Some(fields) = case.as_object_mut() {
        fields.retain(|name, _| name != "expected" && name != "source");
    }
    format!("{case}\n")
}
