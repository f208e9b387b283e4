//! The TFTP door with nothing behind it, for `tests/bench/tftp.sh`: serves the named files, small ones from memory.
//!
//! `tftp_serve ADDRESS FILE…` — prints the address it listens on.

use bytes::Bytes;
use phonebox::listen::tftp::{Answer, Limits, Outcome, Read, Server};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

const FROM_MEMORY: u64 = 1 << 20;

enum Held {
    Bytes(Bytes),
    Path(PathBuf),
}

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().and_then(|text| text.parse().ok()).expect("usage: tftp_serve ADDRESS FILE...");
    let files = arguments.map(|path| hold(Path::new(&path))).collect::<io::Result<HashMap<_, _>>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = Server::bind(address, Limits::default())?;
    println!("{}", server.local_addr()?);
    let handler = |read: Read| {
        let answer = match files.get(&read.file) {
            Some(Held::Bytes(bytes)) => Answer::Bytes(bytes.clone()),
            Some(Held::Path(path)) => open(path).unwrap_or(Answer::NotFound),
            None => Answer::NotFound,
        };
        std::future::ready((answer, |_: Outcome| ()))
    };
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    runtime.block_on(server.run(handler, |refused| eprintln!("{}: {}", refused.peer, refused.why), stop))
}

fn hold(path: &Path) -> io::Result<(Vec<u8>, Held)> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes().to_vec();
    let in_memory = fs::metadata(path)?.len() <= FROM_MEMORY;
    Ok((name, if in_memory { Held::Bytes(fs::read(path)?.into()) } else { Held::Path(path.into()) }))
}

fn open(path: &Path) -> io::Result<Answer> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok(Answer::File { file, length })
}
