#!/usr/bin/env python3
"""git_server.py FOLDER: a git server by https on the loopback address, for tests.

FOLDER has a certificate.pem and a key.pem, and the repositories; the server writes its port to FOLDER/port, and each request
to FOLDER/requests. Below /open/ it serves what is in FOLDER, below /locked/ the same for user:s3cret, below /plain/ the files as a
server does that knows nothing of git, and
/moved/SCHEME/HOST/... sends on to SCHEME://HOST:PORT/...
"""
import base64, http.server, os, pathlib, ssl, subprocess, sys

folder = pathlib.Path(sys.argv[1])


class handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        with open(folder / 'requests', 'a') as log:
            log.write(f"{self.headers['Host'].split(':')[0]} {self.path}\n")
        _, how, *rest = self.path.split('/', 4 if self.path.startswith('/moved/') else 2)
        if how == 'moved':
            scheme, host, path = rest
            self.answer(301, {'Location': f'{scheme}://{host}:{port}/{path}'})
        elif how == 'locked' and self.headers['Authorization'] != 'Basic ' + base64.b64encode(b'user:s3cret').decode():
            self.answer(401, {'WWW-Authenticate': 'Basic realm="tests"'})
        elif how == 'plain':
            file = folder / rest[0].partition('?')[0]
            self.answer(200, {}, file.read_bytes()) if file.is_file() else self.answer(404, {})
        else:
            self.run_git('/' + rest[0])

    do_POST = do_GET

    def run_git(self, path):
        path, _, query = path.partition('?')
        body = self.rfile.read(int(self.headers['Content-Length'] or 0))
        said = subprocess.run(['git', 'http-backend'], input=body, stdout=subprocess.PIPE, env={
            'PATH': os.environ['PATH'], 'GIT_PROJECT_ROOT': folder, 'GIT_HTTP_EXPORT_ALL': '1', 'PATH_INFO': path,
            'QUERY_STRING': query, 'REQUEST_METHOD': self.command, 'CONTENT_TYPE': self.headers['Content-Type'] or '',
            'CONTENT_LENGTH': str(len(body)), 'HTTP_CONTENT_ENCODING': self.headers['Content-Encoding'] or '',
            'GIT_PROTOCOL': self.headers['Git-Protocol'] or ''}).stdout
        head, _, body = said.partition(b'\r\n\r\n')
        headers = dict(line.split(': ', 1) for line in head.decode().split('\r\n'))
        self.answer(int(headers.pop('Status', '200').split()[0]), headers, body)

    def answer(self, status, headers, body=b''):
        self.send_response(status)
        for name, value in {**headers, 'Content-Length': str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / 'certificate.pem', folder / 'key.pem')
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
port = server.server_address[1]
(folder / 'port.new').write_text(str(port))
(folder / 'port.new').rename(folder / 'port')
server.serve_forever()
