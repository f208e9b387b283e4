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
  {mutual}
}}
"""
# The same, and a client certificate is required: one server for each kind of key.
MUTUAL = """server {{
    listen 0.0.0.0:{port} ssl backlog=16384 reuseport;
    ssl_certificate {dir}/server-{kind}.pem;
    ssl_certificate_key {dir}/server-{kind}.key;
    ssl_client_certificate {dir}/clients-{kind}.pem;
    ssl_verify_client on;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets off;
    ssl_session_cache off;
    root {dir}/www;
  }}
"""
KINDS = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], "rsa": ["rsa:2048"]}


class Nginx:
    """Keys of the kind the box has: the same handshake on both sides."""

    def __init__(self, directory, http, https, ec, rsa, workers):
        self.dir, self.process = Path(directory), None
        self.ports = {"http": http, "https": https, "ec": ec, "rsa": rsa}
        shutil.rmtree(self.dir, ignore_errors=True)
        (self.dir / "www").mkdir(parents=True)
        self._certificate("server", "ec")
        for kind in KINDS:
            self._certificate(f"server-{kind}", kind)
            self._certificate(f"clients-{kind}", kind, ca=True)
        mutual = "".join(MUTUAL.format(port=self.ports[kind], dir=self.dir, kind=kind) for kind in KINDS)
        # Started by root, its workers would become somebody who may not read this directory.
        user = "user root;" if os.geteuid() == 0 else ""
        config = CONFIG.format(user=user, dir=self.dir, http=http, https=https, workers=workers, nopush="off", mutual=mutual)
        (self.dir / "nginx.conf").write_text(config)

    def _certificate(self, name, kind, ca=False):
        line = ["openssl", "req", "-x509", "-newkey", *KINDS[kind], "-nodes", "-days", "30", "-subj", f"/CN={name}"]
        constraints = f"basicConstraints=critical,CA:{'TRUE' if ca else 'FALSE'}"
        names = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", constraints]
        files = ["-keyout", self.dir / f"{name}.key", "-out", self.dir / f"{name}.pem"]
        subprocess.run([*line, *names, *files], check=True, capture_output=True)

    def client(self, kind, mac):
        """A phone's certificate and key below the CA that its servers accept, in one file."""
        at = lambda name: self.dir / name
        make = ["openssl", "req", "-new", "-newkey", *KINDS[kind], "-nodes", "-subj", f"/CN={mac}"]
        subprocess.run([*make, "-keyout", at("phone.key"), "-out", at("phone.csr")], check=True, capture_output=True)
        at("phone.ext").write_text("extendedKeyUsage=clientAuth\n")
        sign = ["openssl", "x509", "-req", "-in", at("phone.csr"), "-days", "30", "-extfile", at("phone.ext")]
        by = ["-CA", at(f"clients-{kind}.pem"), "-CAkey", at(f"clients-{kind}.key"), "-CAcreateserial"]
        pem = subprocess.run([*sign, *by], check=True, capture_output=True).stdout
        at(f"phone-{kind}.pem").write_bytes(pem + at("phone.key").read_bytes())
        return at(f"phone-{kind}.pem")

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

    def ca(self, kind=None):
        return self.dir / (f"server-{kind}.pem" if kind else "server.pem")
