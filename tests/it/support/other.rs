//! Another provisioning server: the one that devices are redirected to. It serves given files by name and remembers who
//! asked for what.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

pub struct Other {
    pub address: SocketAddr,
    /// Method, path and Authorization of each request.
    asked: Arc<Mutex<Vec<(String, String, String)>>>,
}

impl Other {
    /// `files`: name and text. `closed`: every request without credentials gets a 401.
    pub fn start(files: &[(String, String)], closed: bool) -> Other {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<(String, String, String)>>> = Arc::default();
        let files: HashMap<String, String> = files.iter().cloned().collect();
        let log = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let request = lines.next().unwrap_or_default();
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let login = head.iter().find_map(|line| line.strip_prefix("Authorization: ")).unwrap_or_default();
                let mut words = request.split(' ');
                let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                log.lock().unwrap().push((method.to_owned(), path.to_owned(), login.to_owned()));
                let name = path.rsplit('/').next().unwrap_or_default();
                let (status, more, body) = match files.get(name) {
                    _ if closed && login.is_empty() => (
                        "401 Unauthorized",
                        "WWW-Authenticate: Digest realm=\"other\", qop=\"auth\", nonce=\"n1\"\r\n",
                        "",
                    ),
                    Some(text) => ("200 OK", "", text.as_str()),
                    None => ("404 Not Found", "", ""),
                };
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Other { address, asked }
    }

    pub fn url(&self, directory: &str) -> String {
        format!("http://{}/{directory}", self.address)
    }

    pub fn asked(&self) -> Vec<(String, String, String)> {
        self.asked.lock().unwrap().clone()
    }

    pub fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|(_, path, _)| path).collect()
    }
}
