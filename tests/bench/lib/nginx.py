"""The peer: nginx with a static file of the same size, as its own manual sets it up for speed."""

import os
import shutil
import subprocess
from pathlib import Path

from .machine import wait_until

CONFIG = """{user}
worker_processes {workers};
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/error.log error;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; multi_accept on; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush {nopush};
  tcp_nodelay on;
  open_file_cache max=1000 inactive=60s;
  open_file_cache_valid 60s;
  keepalive_requests 100000000;
  keepalive_timeout 600s;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
  types {{ text/plain cfg txt; }}
  server {{
    listen 0.0.0.0:{http} backlog=16384 reuseport;
    listen 0.0.0.0:{https} ssl backlog=16384 reuseport;
    ssl_certificate {dir}/server.pem;
    ssl_certificate_key {dir}/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets off;
    ssl_session_cache off;
    root {dir}/www;
  }}
}}
"""


class Nginx:
    """Keys of the kind the box has: the same handshake on both sides."""

    def __init__(self, directory, http, https, workers):
        self.dir, self.process = Path(directory), None
        self.ports = {"http": http, "https": https}
        shutil.rmtree(self.dir, ignore_errors=True)
        (self.dir / "www").mkdir(parents=True)
        key = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        line = ["openssl", "req", "-x509", "-newkey", *key, "-nodes", "-days", "30", "-subj", "/CN=bench"]
        names = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
        files = ["-keyout", self.dir / "server.key", "-out", self.dir / "server.pem"]
        subprocess.run([*line, *names, *files], check=True, capture_output=True)
        # Started by root, its workers would become somebody who may not read this directory.
        user = "user root;" if os.geteuid() == 0 else ""
        config = CONFIG.format(user=user, dir=self.dir, http=http, https=https, workers=workers, nopush="off")
        (self.dir / "nginx.conf").write_text(config)

    def put(self, name, content):
        (self.dir / "www" / name).write_bytes(content)

    def start(self):
        line = ["nginx", "-c", str(self.dir / "nginx.conf"), "-p", str(self.dir), "-e", str(self.dir / "error.log")]
        self.process = subprocess.Popen(line, stderr=subprocess.DEVNULL)
        wait_until(lambda: (self.dir / "nginx.pid").exists() or self.process.poll() is not None, 10, "nginx starts")
        if self.process.poll() is not None:
            raise RuntimeError((self.dir / "error.log").read_text())
        return self

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)

    @property
    def pid(self):
        return self.process.pid

    def answered(self, requests, unseen=0):
        """nginx keeps no check-ins."""

    def address(self, listener="http"):
        return f"127.0.0.1:{self.ports[listener]}"

    def ca(self):
        return self.dir / "server.pem"
