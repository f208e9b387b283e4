//! Logging: one line an event on standard error, as text or JSON, and the names of the fields.
//!
//! What phones send may hold line breaks and terminal escapes; a line that leaves here holds neither. Never give it a
//! secret: [`crate::settings::Secret`] masks itself, raw requests do not.

use crate::config::{Log, LogFormat};
use std::io::{self, Write};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// Names of the fields, so that one thing has one name in every line: `info!({ field::MAC } = %mac, "…")`.
pub mod field {
    pub const MAC: &str = "mac";
    pub const PEER: &str = "peer";
    pub const TRANSPORT: &str = "transport";
    pub const FILE: &str = "file";
    pub const REASON: &str = "reason";
    pub const LISTENER: &str = "listener";
    pub const ADDRESS: &str = "address";
    pub const ACTOR: &str = "actor";
    pub const ERROR: &str = "error";
}

/// Starts logging; a second call changes nothing. Panics are logged like everything else, as one line.
pub fn init(log: &Log) {
    let filter = EnvFilter::builder().parse_lossy(&log.filter);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(OneLine(io::stderr));
    // journald gives every line its time.
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let started = match (log.format, journal) {
        (LogFormat::Json, _) => lines.json().flatten_event(true).finish().try_init(),
        (LogFormat::Text, true) => lines.without_time().finish().try_init(),
        (LogFormat::Text, false) => lines.finish().try_init(),
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let payload = panic.payload();
            let words = payload.downcast_ref::<&str>().copied();
            let words = words.or(payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words");
            tracing::error!(place, "a bug: {words}");
        }));
    }
}

/// Every write is one event; control characters inside it are written as `\u{..}`.
#[derive(Clone, Copy)]
struct OneLine<W>(W);

struct Line<W>(W);

impl<'a, W: Write, F: Fn() -> W + 'a> MakeWriter<'a> for OneLine<F> {
    type Writer = Line<W>;

    fn make_writer(&'a self) -> Line<W> {
        Line((self.0)())
    }
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event.strip_suffix(b"\n").unwrap_or(event));
        let mut line = String::with_capacity(text.len() + 1);
        for c in text.chars() {
            match c {
                '\t' => line.push(' '),
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => line.extend(c.escape_default()),
                c => line.push(c),
            }
        }
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(json: bool, file: &str) -> String {
        let sink = Sink::default();
        let copy = sink.clone();
        let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(OneLine(move || copy.clone()));
        let log = || tracing::info!({ field::FILE } = %file, "asked for {file}");
        if json {
            tracing::subscriber::with_default(lines.json().finish(), log);
        } else {
            tracing::subscriber::with_default(lines.finish(), log);
        }
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn threat_098_what_a_phone_sends_stays_on_one_line() {
        for json in [false, true] {
            let line = logged(json, "a\r\n2026 ERROR forged\u{1b}[31m\u{2028}x");
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(line.ends_with('\n') && !line.contains('\r') && !line.contains('\u{1b}'), "{line}");
            assert!(line.contains("forged"), "{line}");
        }
    }
}
