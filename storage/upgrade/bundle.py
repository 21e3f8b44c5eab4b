"""A bundle: one file with a version of the program and the signature of who released it.

A tar archive whose first members are ``manifest.json`` and ``manifest.sig`` (Ed25519 over the manifest's
octets); the manifest names every other member with its size and SHA-256, in their order. Nothing is unpacked
that the signature does not vouch for.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from domain.refusal import NotPossible
from domain.upgrade.release import FORMATS, Manifest, Part
from storage.data_directory import open_as_guest, write_atomically

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
MOST_BYTES: Final = 1 << 30
"""Of a bundle; a real one has some 100 MB."""
MOST_MANIFEST: Final = 1 << 18
_BLOCK: Final = 1 << 20


class BundleRefused(NotPossible):
    """A bundle that must not be used."""


def damaged(path: Path, why: str) -> BundleRefused:
    """Return the refusal of a file that is no whole bundle."""
    return BundleRefused(
        f"{path.name} is no whole bundle ({why}): fetch it again",
        f"{path.name} 不是完整的升级包（{why}），请重新获取",
    )


# keys


def new_key(private: Path, public: Path) -> None:
    """Make a pair: the private key stays with who releases, the public one goes onto the boxes."""
    key = Ed25519PrivateKey.generate()
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_text(written(key.public_key()) + "\n", encoding="ascii")


def written(key: Ed25519PublicKey) -> str:
    """Return a public key as one line of base64."""
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key; raises ValueError when it is none of Ed25519."""
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return key


def trusted_keys(directory: Path) -> dict[str, Ed25519PublicKey]:
    """Return the keys that a box trusts, by name: ``NAME.pub`` files of one line of base64.

    Raises BundleRefused naming a file that holds no key.
    """
    keys = {}
    for path in sorted(directory.glob("*.pub")):
        try:
            raw = base64.b64decode(path.read_bytes().strip(), validate=True)
            keys[path.stem] = Ed25519PublicKey.from_public_bytes(raw)
        except (ValueError, OSError) as error:
            raise BundleRefused(f"{path} holds no key: {error}", f"{path} 不是有效的公钥：{error}") from error
    return keys


# writing


def write_bundle(
    target: Path, manifest: Manifest, parts: Mapping[str, Path], key: Ed25519PrivateKey | None
) -> None:
    """Write a bundle of parts by name; ``manifest.files`` is made here. Same parts, same octets."""
    files = tuple(Part(name, path.stat().st_size, sha256_of(path)) for name, path in parts.items())
    head = msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(manifest, files=files))) + b"\n"
    half = target.with_name(f".{target.name}.new")
    with tarfile.open(half, "w") as tar:
        _add(tar, MANIFEST, len(head), io.BytesIO(head))
        if key is not None:
            _add(tar, SIGNATURE, 64, io.BytesIO(key.sign(head)))
        for name, path in parts.items():
            with path.open("rb") as file:
                _add(tar, name, path.stat().st_size, file)
    half.replace(target)


def _add(tar: tarfile.TarFile, name: str, size: int, content: BinaryIO) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    tar.addfile(member, content)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# reading


def read_manifest(path: Path, keys: Mapping[str, Ed25519PublicKey]) -> Manifest:
    """Return what a bundle says of itself if a trusted key has signed it; raises BundleRefused."""
    with _members(path) as members:
        return _manifest(path, members, keys)


def verify(path: Path, keys: Mapping[str, Ed25519PublicKey]) -> Manifest:
    """Check the signature and every part's size and hash; raises BundleRefused."""
    return _parts(path, keys, lambda part: None)


def unpack(path: Path, keys: Mapping[str, Ed25519PublicKey], directory: Path) -> Manifest:
    """Check it anew and write its parts and its manifest into an empty directory; raises BundleRefused.

    What is written is what was checked, whatever happens to the file meanwhile.
    """

    def target(part: Part) -> BinaryIO:
        return (directory / part.name).open("xb")

    manifest = _parts(path, keys, target)
    write_atomically(directory / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    return manifest


def pour(path: Path, keys: Mapping[str, Ed25519PublicKey], out: Sink) -> Manifest:
    """Check it anew while its parts are written into ``out``, which is durable then; raises BundleRefused."""
    return _parts(path, keys, lambda part: out)


class Sink(Protocol):
    """What takes the parts of a bundle."""

    def write(self, block: bytes, /) -> object:
        """Take a block."""

    def flush(self) -> None:
        """Hold nothing back."""

    def fileno(self) -> int:
        """Return the descriptor of what it writes to."""

    def close(self) -> None:
        """End it."""


Members = Iterator[tuple[str, int, Callable[[int], bytes]]]


def _parts(
    path: Path, keys: Mapping[str, Ed25519PublicKey], target: Callable[[Part], Sink | None]
) -> Manifest:
    with _members(path) as members:
        manifest = _manifest(path, members, keys)
        for part in manifest.files:
            name, size, read = next(members, ("", 0, lambda most: b""))
            if name != part.name or size != part.bytes:
                raise damaged(path, f"{part.name}?")
            out = target(part)
            try:
                digest = _copied(path, size, read, out)
            finally:
                if out is not None:
                    out.close()
            if digest != part.sha256:
                raise damaged(path, f"{part.name}: SHA-256")
        extra = next(members, None)
        if extra is not None:
            raise damaged(path, f"{extra[0]}?")
    return manifest


def _copied(path: Path, size: int, read: Callable[[int], bytes], out: Sink | None) -> str:
    digest = hashlib.sha256()
    while size:
        block = read(min(size, _BLOCK))
        if not block:
            raise damaged(path, "EOF")
        digest.update(block)
        if out is not None:
            out.write(block)
        size -= len(block)
    if out is not None:
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


@contextmanager
def _members(path: Path) -> Iterator[Members]:
    """Give the plain files of an archive in order; everything that is no whole archive is BundleRefused."""
    try:
        bundle = open_as_guest(path)
    except OSError as error:
        raise BundleRefused(f"{path}: {error.strerror}", f"无法读取 {path}：{error.strerror}") from error
    with bundle as file:
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            raise BundleRefused(
                f"{path.name} is larger than {MOST_BYTES >> 20} MiB: that is no bundle",
                f"{path.name} 超过 {MOST_BYTES >> 20} MiB，不是升级包",
            )
        try:
            with tarfile.open(fileobj=file, mode="r:") as tar:
                yield _plain(path, tar)
        except (tarfile.TarError, EOFError, OSError) as error:
            raise damaged(path, str(error)) from error


def _plain(path: Path, tar: tarfile.TarFile) -> Members:
    seen: set[str] = set()
    for member in tar:
        content = tar.extractfile(member) if member.isreg() else None
        if content is None or "/" in member.name or member.name.startswith(".") or member.name in seen:
            raise damaged(path, f"{member.name}?")
        seen.add(member.name)
        yield member.name, member.size, content.read


def _manifest(path: Path, members: Members, keys: Mapping[str, Ed25519PublicKey]) -> Manifest:
    name, size, read = next(members, ("", 0, lambda most: b""))
    if name != MANIFEST or size > MOST_MANIFEST:
        raise damaged(path, f"{MANIFEST}?")
    head = read(size)
    _require_signature(path, head, members, keys)
    try:
        manifest = msgspec.json.decode(head, type=Manifest)
    except msgspec.DecodeError as error:
        raise damaged(path, f"{MANIFEST}: {error}") from error
    if manifest.format not in FORMATS or manifest.product != "box400":
        known = ", ".join(map(str, FORMATS))
        raise BundleRefused(
            f"{path.name} is for {manifest.product}, format {manifest.format}; wanted: box400, {known}",
            f"{path.name} 属于 {manifest.product} 格式 {manifest.format}，需要 box400 格式 {known}",
        )
    return manifest


def _require_signature(
    path: Path, head: bytes, members: Members, keys: Mapping[str, Ed25519PublicKey]
) -> None:
    if not keys:
        raise BundleRefused(
            "This box trusts no key yet: put who releases it into the upgrade-keys directory",
            "本机尚未信任任何升级签名公钥，请先将发布方公钥放入 upgrade-keys 目录",
        )
    name, size, read = next(members, ("", 0, lambda most: b""))
    if name != SIGNATURE or size != 64:
        raise BundleRefused(f"{path.name} is not signed", f"{path.name} 没有签名")
    signature = read(64)
    if not any(_is_by(key, signature, head) for key in keys.values()):
        names = ", ".join(keys)
        raise BundleRefused(
            f"{path.name} is signed by none of the keys that this box trusts ({names}), or was changed since",
            f"{path.name} 的签名与本机信任的公钥（{names}）均不符，或内容已被改动",
        )


def _is_by(key: Ed25519PublicKey, signature: bytes, head: bytes) -> bool:
    try:
        key.verify(signature, head)
    except InvalidSignature:
        return False
    return True


def bytes_of(parts: Iterable[Part]) -> int:
    """Return the size of all parts."""
    return sum(part.bytes for part in parts)
