"""A stand-in for the Hub on the loopback: repositories in memory, served by the parts of its API that tests need."""

import base64
import hashlib
import json
import re
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

LFS_SUFFIXES = (".parquet", ".safetensors", ".bin", ".pt")


class Refusal(Exception):
    """An answer other than success: status, and where the Hub sends them X-Error-Code and the commit asked."""

    def __init__(
        self, status: int, code: str = "", message: str = "", commit: str = "", headers: dict[str, str] | None = None
    ):
        super().__init__(message)
        self.status, self.message = status, message or code
        named = {"X-Error-Code": code, "X-Error-Message": self.message, "X-Repo-Commit": commit}
        self.headers = {name: value for name, value in named.items() if value} | (headers or {})


@dataclass
class Fault:
    """What happens to requests in place of their answer.

    Attributes:
        method, path: of which requests; a pattern that is found anywhere in the path.
        status: of the answer; 0 where the connection is cut.
        times: so many requests, then they are answered again.
        headers: of the answer.
        after: how many bytes of an answer's content go before the connection is cut; None to cut it before the request
            is read.
        is_done: whether the request is carried out before the connection is cut.
    """

    method: str
    path: str
    status: int = 0
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    after: int | None = None
    is_done: bool = False

    def hits(self, method: str, path: str) -> bool:
        is_hit = self.times > 0 and method == self.method and re.search(self.path, path) is not None
        self.times -= is_hit
        return is_hit


@dataclass
class Repository:
    """Attributes: `commits`, commit id to files (path to content); `refs`, branch or tag to commit id."""

    private: bool
    gated: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(self, branch: str, files: dict[str, bytes]) -> str:
        oid = hashlib.sha1(f"{branch}{len(self.commits)}".encode()).hexdigest()
        self.commits[oid], self.refs[branch] = files, oid
        return oid

    def resolve(self, revision: str) -> str:
        oid = self.refs.get(revision, revision)
        if oid not in self.commits:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return oid


class HubServer:
    """The stand-in, serving from `start` to `stop`.

    Attributes:
        url: what HF_ENDPOINT must be.
        tokens: token to what it may do: `write` (accounts `me` and `org`) or `read`.
        repositories: (`dataset`, `model` or `space`, id) to Repository.
        requests: (method, path) of everything asked, in order.
        agents: what those who asked said of themselves, each once.
        faults: what is to go wrong.
    """

    def __init__(self):
        self.tokens = {"made-up": "write", "read-only": "read"}
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.agents: set[str] = set()
        self.faults: list[Fault] = []
        hub = self

        class BoundHandler(Handler):
            server_hub = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), BoundHandler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> "HubServer":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def files(self, kind: str, repo_id: str, revision: str = "main") -> dict[str, bytes]:
        """What lies in a repository, the file that the Hub itself puts there left out."""
        repository = self.repositories[kind, repo_id]
        there = repository.commits[repository.resolve(revision)]
        return {path: content for path, content in there.items() if path != ".gitattributes"}


class Handler(BaseHTTPRequestHandler):
    server_hub: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """Tests read `requests` instead."""

    def _serve(self):
        url = urlsplit(self.path)
        self.hub, self.query = self.server_hub, parse_qs(url.query)
        self.hub.requests.append((self.command, url.path))
        self.hub.agents.add(self.headers.get("User-Agent", ""))
        self.fault = next((fault for fault in self.hub.faults if fault.hits(self.command, url.path)), None)
        if self.fault and not (self.fault.status or self.fault.is_done or self.fault.after is not None):
            return self._cut()
        self.body = self._read_body()
        try:
            if self.fault and self.fault.status:
                raise Refusal(self.fault.status, message="made to fail", headers=self.fault.headers)
            for method, pattern, name in ROUTES:
                found = re.fullmatch(pattern, url.path)
                if found and self.command in method.split("|"):
                    return getattr(self, name)(*[unquote(group or "") for group in found.groups()])
            raise Refusal(404, message=f"no route for {self.command} {url.path}")
        except Refusal as refusal:
            self._answer({"error": refusal.message}, refusal.status, refusal.headers)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _cut(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, content, status: int = 200, headers: dict | None = None):
        if self.fault and self.fault.is_done:
            return self._cut()
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in ({"Content-Length": len(body)} | (headers or {})).items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.fault and self.fault.after is not None:
            self.wfile.write(body[: self.fault.after])
            return self._cut()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _role(self) -> str | None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in self.hub.tokens:
            raise Refusal(401, message="Invalid credentials in Authorization header")
        return self.hub.tokens.get(token)

    def _may_write(self, repo_id: str) -> None:
        if (role := self._role()) is None:
            raise Refusal(401, message="Invalid username or password.")
        if role != "write" or repo_id.split("/", maxsplit=1)[0] not in ("me", "org"):
            raise Refusal(403, message=f"You don't have the rights to write to {repo_id}")

    def _repository(self, kind: str, repo_id: str) -> Repository:
        repository, role = self.hub.repositories.get((kind, repo_id)), self._role()
        if repository is None or (repository.private and role is None):
            raise Refusal(404 if role else 401, "RepoNotFound", "Repository not found")
        return repository

    def whoami(self):
        if (role := self._role()) is None:
            raise Refusal(401, message="Invalid username or password.")
        self._answer({"type": "user", "name": "me", "orgs": [{"name": "org"}], "auth": {"accessToken": {"role": role}}})

    def create(self):
        asked = json.loads(self.body)
        kind, repo_id = asked.get("type", "model"), f"{asked['organization'] or 'me'}/{asked['name']}"
        self._may_write(repo_id)
        if (kind, repo_id) in self.hub.repositories:
            raise Refusal(409, message=f"You already created this {kind} repo")
        repository = Repository(private=asked.get("visibility") == "private")
        repository.commit("main", {".gitattributes": b""})
        self.hub.repositories[kind, repo_id] = repository
        self._answer({"url": f"{self.hub.url}/{'datasets/' if kind == 'dataset' else ''}{repo_id}"})

    def validate_yaml(self):
        found = re.match(r"---\n(.*?)\n---", json.loads(self.body)["content"], re.DOTALL)
        base = re.search(r"^base_model: *(/.*)$", found[1] if found else "", re.MULTILINE)
        errors = [{"message": f'"base_model" with value "{base[1]}" is not valid.'}] if base else []
        self._answer({"errors": errors, "warnings": []}, 400 if errors else 200)

    def branch(self, kind, repo_id, name):
        repository = self._repository(kind, repo_id)
        self._may_write(repo_id)
        if name in repository.refs:
            raise Refusal(409, message=f"Reference already exists: {name}")
        repository.refs[name] = repository.refs["main"]
        self._answer({})

    def preupload(self, kind, repo_id, revision):
        entries = self._entries(kind, repo_id, revision)
        self._may_write(repo_id)
        files = []
        for path in (file["path"] for file in json.loads(self.body)["files"]):
            entry = entries.get(path, {})
            there = {"oid": entry.get("lfs", entry)["oid"]} if entry else {}
            mode = "lfs" if path.endswith(LFS_SUFFIXES) else "regular"
            files.append({"path": path, "uploadMode": mode, "shouldIgnore": False} | there)
        self._answer({"files": files})

    def commit(self, kind, repo_id, revision):
        repository = self._repository(kind, repo_id)
        self._may_write(repo_id)
        files = dict(repository.commits[repository.resolve(revision)])
        for line in self.body.splitlines():
            operation = json.loads(line)
            key, value = operation["key"], operation["value"]
            if key == "header" and value.get("parentCommit", repository.refs[revision]) != repository.refs[revision]:
                raise Refusal(412, message="A commit has happened since. Please refresh and try again.")
            if key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                files[value["path"]] = self.hub.objects[value["oid"]]
            elif key == "deletedFile":
                del files[value["path"]]
        oid = repository.commit(revision, files)
        self._answer({"commitUrl": f"{self.hub.url}/{repo_id}/commit/{oid}", "commitOid": oid})

    def lfs_batch(self, prefix, repo_id):
        self._may_write(repo_id)
        objects = json.loads(self.body)["objects"]
        actions = {o["oid"]: {"actions": {"upload": {"href": f"{self.hub.url}/lfs/{o['oid']}"}}} for o in objects}
        upload = [o if o["oid"] in self.hub.objects else o | actions[o["oid"]] for o in objects]
        self._answer({"transfer": "basic", "objects": upload})

    def lfs_put(self, oid):
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise Refusal(400, message="content and its sha256 differ")
        self.hub.objects[oid] = self.body
        self._answer({})

    def info(self, kind, repo_id, revision):
        repository = self._repository(kind, repo_id)
        oid = repository.resolve(revision or "main")
        siblings = [{"rfilename": path} for path in repository.commits[oid]]
        answer = {"_id": repo_id, "id": repo_id, "sha": oid, "private": repository.private, "siblings": siblings}
        self._answer(answer | {"gated": "manual" if repository.gated else False, "tags": []})

    def refs(self, kind, repo_id):
        refs = self._repository(kind, repo_id).refs
        branches = [{"name": name, "ref": f"refs/heads/{name}", "targetCommit": oid} for name, oid in refs.items()]
        self._answer({"branches": branches, "tags": [], "converts": []})

    def tree(self, kind, repo_id, revision, folder):
        entries = self._entries(kind, repo_id, revision)
        prefix = f"{folder}/" if folder else ""
        below = [entry for path, entry in entries.items() if path.startswith(prefix)]
        if folder and not below:
            raise Refusal(404, "EntryNotFound", f"{folder} does not exist")
        if self.query.get("recursive", ["false"])[0].lower() != "true":
            below = [entry for entry in below if "/" not in entry["path"].removeprefix(prefix)]
        self._answer(below)

    def paths_info(self, kind, repo_id, revision):
        entries = self._entries(kind, repo_id, revision)
        self._answer([entries[path] for path in parse_qs(self.body.decode())["paths"] if path in entries])

    def _entries(self, kind: str, repo_id: str, revision: str) -> dict[str, dict]:
        repository = self._repository(kind, repo_id)
        entries = {}
        for path, content in sorted(repository.commits[repository.resolve(revision)].items()):
            for end in (found.start() for found in re.finditer("/", path)):
                entries[path[:end]] = {"type": "directory", "path": path[:end], "oid": "0" * 40}
            entry = {"type": "file", "path": path, "size": len(content), "oid": _git_oid(content)}
            if path.endswith(LFS_SUFFIXES):
                entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
            entries[path] = entry
        return entries

    def resolve(self, prefix, repo_id, revision, path):
        repository = self._repository("dataset" if prefix else "model", repo_id)
        if repository.gated:
            raise Refusal(403 if self._role() else 401, "GatedRepo", f"Access to {repo_id} is restricted")
        oid = repository.resolve(revision)
        if path not in repository.commits[oid]:
            raise Refusal(404, "EntryNotFound", "Entry not found", oid)
        content = repository.commits[oid][path]
        etag = hashlib.sha256(content).hexdigest() if path.endswith(LFS_SUFFIXES) else _git_oid(content)
        headers = {"X-Repo-Commit": oid, "ETag": f'"{etag}"', "X-Linked-Size": len(content), "Accept-Ranges": "bytes"}
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            start, stop = int(asked[1]), min(int(asked[2] or len(content)) + 1, len(content))
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
            return self._answer(content[start:stop], 206, headers)
        return self._answer(content, 200, headers)


def _git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


API, ID = r"/api/(dataset|model|space)s/", r"([\w.-]+/[\w.-]+)"
ROUTES = (
    ("GET", r"/api/whoami-v2", "whoami"),
    ("POST", r"/api/repos/create", "create"),
    ("POST", r"/api/validate-yaml", "validate_yaml"),
    ("POST", rf"{API}{ID}/branch/(.+)", "branch"),
    ("POST", rf"{API}{ID}/preupload/(.+)", "preupload"),
    ("POST", rf"{API}{ID}/commit/(.+)", "commit"),
    ("POST", rf"/(datasets/)?{ID}\.git/info/lfs/objects/batch", "lfs_batch"),
    ("PUT", r"/lfs/(\w+)", "lfs_put"),
    ("GET", rf"{API}{ID}(?:/revision/(.+))?", "info"),
    ("GET", rf"{API}{ID}/refs", "refs"),
    ("GET", rf"{API}{ID}/tree/([^/]+)(?:/(.+))?", "tree"),
    ("POST", rf"{API}{ID}/paths-info/([^/]+)", "paths_info"),
    ("GET|HEAD", rf"/(datasets/)?{ID}/resolve/([^/]+)/(.+)", "resolve"),
)
