"""`clearinghouse prove --attest` and `clearinghouse verify-attestation`: signed verdicts, written and checked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearinghouse.cli.keys import key_file
from clearinghouse.cli.output import put, put_line, say
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.errors import InvalidInput, NotFound, NotVerified, Unavailable, UsageError

if TYPE_CHECKING:
    from clearinghouse.core.ports import Signer
    from clearinghouse.core.proof import ProofResult
    from clearinghouse.formats.intoto import Attested

_MAX_BYTES = 64 * 1024 * 1024
_MAX_NAME = 255


class Attestor:
    """Writes `<bundle id>.intoto.json` into a folder for each verdict on a bundle; raises what the signer raises."""

    def __init__(self, folder: Path, signer: Signer) -> None:
        self._folder = folder
        self._signer = signer
        signer.key_id()  # before anything is run: a key that cannot sign is told at once
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"{folder}: {error.strerror}", advice="name a folder that you may write to") from None

    def attest(self, result: ProofResult, path: str) -> Path | None:
        """Sign a verdict on what PATH named; the file, or None where no bundle could be read."""
        if result.id is None:
            say(f"{printable(path)}: not attested, for it is no bundle")
            return None
        signed = self._signer.attest(result, printable(Path(path).resolve().name or "bundle"))
        file = self._folder / f"{result.id}.intoto.json"
        unfinished = file.with_name(f".{file.name}.{os.getpid()}")
        unfinished.write_bytes(signed.content)
        unfinished.replace(file)
        say(f"{printable(path)}: attested in {file}")
        return file


def printable(text: str) -> str:
    """A stranger's text as a name in a statement: printable, and short enough."""
    return "".join(c if c.isprintable() else "�" for c in text)[:_MAX_NAME]


def attestor(folder: Path | None, key: Path | None) -> Attestor | None:
    """What `prove` signs with, or None where it is not asked to. The key is found usable by the signer's process."""
    if folder is None:
        if key is not None:
            raise UsageError("--key signs nothing by itself", advice="add --attest DIR")
        return None
    from clearinghouse.adapters.signing.process import ProcessSigner  # noqa: PLC0415

    return Attestor(folder, ProcessSigner(key_file(key)))


def verify_attestation(
    file: Annotated[Path, typer.Argument(help="The attestation: a DSSE envelope as JSON.")],
    key: Annotated[Path, typer.Option("--key", help="The signer's public key (PEM).")],
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="The bundle, folder or archive, that it must be about.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a signed verdict, and say what it attests.

    Exit code: 0 if it holds, 1 if it does not verify or is about another bundle, 65 if it is malformed.
    """
    from clearinghouse.adapters.signing import envelope, keys  # noqa: PLC0415

    public = keys.load_public(key)
    attested = envelope.verify(_content(file), public)
    if bundle is not None:
        from clearinghouse.prover.bundle import read_bundle  # noqa: PLC0415

        found = read_bundle(bundle).id
        if found != attested.bundle_id:
            about = f"{file} is about the bundle {attested.bundle_id}, and {bundle} is {found}"
            raise NotVerified(about, advice="get the bundle that was attested, file by file as it was")
    if as_json:
        put({"key_id": public.keyid, "name": attested.name, **attested.result.as_json()})
    else:
        _tell(attested, public.keyid, checked=bundle is not None)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"{file}: there is no such file") from None
    except OSError as error:
        raise Unavailable(f"{file}: {error.strerror}") from None
    if len(content) > _MAX_BYTES:
        raise InvalidInput(f"{file}: larger than {_MAX_BYTES // 2**20} MiB, which no attestation is")
    return content


def _tell(attested: Attested, key_id: str, *, checked: bool) -> None:
    result, environment = attested.result, attested.result.environment
    put_line(f"verified: signed by {key_id}")
    put_line(f"bundle {attested.bundle_id}, called {attested.name}{', as the one given' if checked else ''}")
    put_line(f"verdict {result.verdict}, grade {result.grade or '-'}")
    for reason in result.reasons:
        put_line(f"    {reason}")
    for item in result.confirm:
        put_line(f"    to confirm: {item}")
    put_line(f"prover {environment.prover or '-'}, oracle {environment.oracle or '-'}, {environment.runtime or '-'}")
    for version, digest in environment.targets.items():
        put_line(f"    {version}: {digest}")
