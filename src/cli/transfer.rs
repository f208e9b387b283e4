//! Files on their way to the box and from it, with a bar for whoever watches.

use super::Failure;
use super::console::{Body, Client, Method};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

const PIECE: usize = 256 * 1024;

/// A bar on standard error; nothing when that is no terminal.
pub fn bar(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{prefix} [{bar:40}] {percent:>3}% {msg}");
    if let Ok(style) = style {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(what);
    bar
}

/// The file as a body; `-` is standard input. The bar moves with what is sent.
pub async fn body(name: &str, bar: &ProgressBar) -> Result<Body, Failure> {
    let path = if name == "-" { "/dev/stdin" } else { name };
    let fail = |error| Failure::new(format!("{name} cannot be read: {error}."), "Check the file's name.");
    let file = File::open(path).await.map_err(fail)?;
    let facts = file.metadata().await.map_err(fail)?;
    if facts.is_dir() {
        return Err(Failure::new(format!("{name} is a directory."), "Name a file."));
    }
    bar.set_length(facts.len());
    let bar = bar.clone();
    let pieces = stream::unfold(Some(file), move |file| {
        let bar = bar.clone();
        async move {
            let mut file = file?;
            let mut piece = Vec::with_capacity(PIECE);
            match (&mut file).take(PIECE as u64).read_to_end(&mut piece).await {
                Ok(0) => None,
                Ok(count) => {
                    bar.inc(count as u64);
                    Some((Ok(Frame::data(Bytes::from(piece))), Some(file)))
                }
                Err(error) => Some((Err(error), None)),
            }
        }
    });
    Ok(StreamBody::new(pieces).boxed())
}

/// Puts a file there, with a bar, and answers what the box says of it.
pub async fn put(client: &Client, path: &str, file: &str) -> Result<Value, Failure> {
    let bar = bar("sent");
    let body = body(file, &bar).await?;
    let answer = client.send(Method::PUT, path, "application/octet-stream", body).await?;
    bar.finish_and_clear();
    let text = answer.into_body().collect().await.map_err(super::console::cut)?.to_bytes();
    Ok(serde_json::from_slice(&text).unwrap_or_default())
}

/// Calls back for every line of an answer as it comes.
pub async fn lines(mut answer: Incoming, mut take: impl FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut rest: Vec<u8> = Vec::new();
    while let Some(frame) = answer.frame().await {
        let frame = frame.map_err(super::console::cut)?;
        rest.extend_from_slice(frame.data_ref().map(AsRef::as_ref).unwrap_or_default());
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            take(&line)?;
        }
    }
    Ok(())
}
